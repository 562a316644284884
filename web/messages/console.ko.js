// console.ko.js - the sentences of the console alone, in Korean. The keys are those of console.en.js.

export default {
    "console.menu": "관리 콘솔 페이지",
    "console.account": "내 계정",
    "console.prove": "회원의 계정을 조회하고 변경하는 곳입니다. 인증 앱에 지금 보이는 코드나 복구 코드를 입력하세요.",
    "console.changed-meanwhile": "그 사이에 다른 관리자가 먼저 변경하여 저장하지 않았습니다. 지금 상태를 다시 불러왔으니 확인하고 다시 변경해 주세요.",

    "role.helpdesk": "헬프데스크",
    "role.domain": "도메인 관리자",
    "role.server": "서버 관리자",

    "refusal.account": "내 계정",
    "refusal.factor-title": "2단계 인증을 먼저 등록해 주세요",
    "refusal.factor-text": "관리자는 2단계 인증을 사용해야 합니다. 휴대폰을 등록한 다음 관리 콘솔을 다시 열어 주세요.",
    "refusal.register": "2단계 인증 등록",
    "refusal.code-title": "본인 확인이 필요합니다",
    "refusal.code-text": "인증 앱의 코드를 입력하면 관리 콘솔이 열립니다.",
    "refusal.prove": "코드 입력",

    "overview.title": "현황",
    "overview.all-domains": "모든 도메인을 관리합니다.",
    "overview.domains": "관리하는 도메인: {domains}",

    "list.total": "{total}건",
    "list.none-found": "조건에 맞는 항목이 없습니다.",
    "list.paging": "목록 페이지",
    "list.first": "처음 페이지",
    "list.next": "다음 페이지",
    "list.page": "{number}페이지",
    "list.sort": "정렬",
    "list.ascending": "{name} 오름차순",
    "list.descending": "{name} 내림차순",

    "bulk.label": "선택한 항목 한꺼번에 변경",
    "bulk.tick-one": "{name} 선택",
    "bulk.tick-page": "이 페이지 전체 선택",
    "bulk.tick-found": "검색된 {total}건 모두 선택",
    "bulk.count": "{count}건 선택됨",

    "error.role": "이 역할로는 할 수 없는 작업입니다. 서버 관리자에게 요청하세요.",
    "error.administrator": "관리자인 회원의 계정은 서버 관리자만 변경할 수 있습니다.",
    "error.own-account": "자신의 계정에는 할 수 없는 작업입니다. 다른 서버 관리자에게 요청하세요.",
};
