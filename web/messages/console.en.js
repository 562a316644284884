// console.en.js - the sentences of the console alone, in English. The keys are those of console.ko.js.

export default {
    "console.menu": "Pages of the console",
    "console.account": "My account",
    "console.prove": "Members' accounts can be seen and changed here. Enter the code that your authenticator app shows now, or a recovery code.",
    "console.changed-meanwhile": "Somebody else has changed this meanwhile. Your changes were not saved: the page shows the present state, so please make them again.",

    "role.helpdesk": "Helpdesk",
    "role.domain": "Domain administrator",
    "role.server": "Server administrator",

    "refusal.account": "My account",
    "refusal.factor-title": "Two-step verification first",
    "refusal.factor-text": "Administrators need two-step verification. Register your phone, and come back to the console.",
    "refusal.register": "Register two-step verification",
    "refusal.code-title": "Verify that it is you",
    "refusal.code-text": "The console opens once you have entered a code of your authenticator app.",
    "refusal.prove": "Enter a code",

    "overview.title": "Overview",
    "overview.all-domains": "You administer all domains.",
    "overview.domains": "You administer {domains}.",

    "list.total": "{total} found",
    "list.none-found": "Nothing fits what you are looking for.",
    "list.paging": "Pages of the list",
    "list.first": "First page",
    "list.next": "Next page",
    "list.page": "Page {number}",
    "list.sort": "Sort by",
    "list.ascending": "{name}, ascending",
    "list.descending": "{name}, descending",

    "bulk.label": "Change several at once",
    "bulk.tick-one": "Select {name}",
    "bulk.tick-page": "Select this page",
    "bulk.tick-found": "Select all {total}",
    "bulk.count": "{count} selected",

    "error.role": "Your role does not allow this. Ask a server administrator.",
    "error.administrator": "This member is an administrator. Only a server administrator can change this account.",
    "error.own-account": "You cannot do this to your own account. Ask another server administrator.",
};
