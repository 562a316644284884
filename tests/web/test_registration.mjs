// test_registration.mjs - the offer and the demand to register; recovery codes.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "./harness.mjs";

test("a registration that is offered can be put off", {}, async (reader, page) => {
    await reader.signIn("offer", "/oauth2/authorize?client_id=mail");
    await reader.button("Skip for now").click();
    await page.waitForURL("**/oauth2/authorize?client_id=mail");
});

test("a registration that will be demanded names the day, and can be put off until then", {}, async (reader, page) => {
    await reader.signIn("soon", "/oauth2/authorize?client_id=mail");
    await page.getByText("From Mar 1, 2090 on, a second factor is required").waitFor();
    await reader.button("Skip for now").click();
    await page.waitForURL("**/oauth2/authorize?client_id=mail");
});

test("the day is named in Korean, and the offer without a day names none", { locale: "ko-KR" }, async (reader, page) => {
    await reader.signIn("soon");
    await page.getByText("2090. 3. 1.부터 웹메일에 로그인하려면").waitFor();
    await reader.button("다음에 등록").waitFor();
    await reader.button("다른 계정으로 로그인").click();
    await reader.signIn("offer");
    await page.getByText("휴대폰의 인증 코드를 함께 쓰면").waitFor();
    assert.equal(await page.getByText("부터 웹메일에 로그인하려면").count(), 0);
});

test("a registration that is demanded has no later", { locale: "ko-KR" }, async (reader, page) => {
    await reader.signIn("must");
    await reader.heading("2단계 인증 등록");
    await page.getByText("관리자가 웹메일에 2단계 인증을 쓰도록").waitFor();
    assert.equal(await reader.button("다음에 등록").count(), 0);
    await reader.code();
    await reader.heading("복구 코드를 보관하세요");
    await reader.button("보관했습니다").click();
    await reader.arrived();
});

test("the QR code is drawn, and the key stands for it where it cannot be scanned", {}, async (reader, page) => {
    await reader.signIn("offer");
    await page.getByRole("img", { name: /QR code/ }).waitFor();
    assert.ok((await page.locator("figure path").getAttribute("d")).length > 1000);
    await page.getByText("Can’t scan it?").click();
    await page.locator("dl").waitFor();
    const shown = await page.locator("dd").evaluateAll((all) => all.map((one) => one.firstChild.textContent));
    assert.deepEqual(shown, ["offer@demo.test", "TYIC A5YT 5Z2V JELN TL6P EHD7 2P27 202X", "Time based"]);
    await reader.allowClipboard();
    await reader.button("Copy").click();
    assert.equal(await reader.said(), "Copied.");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "TYICA5YT5Z2VJELNTL6PEHD72P27202X");
});

const PHONE = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 800 } };
test("on a phone the key and a button that opens the app come first, and the QR code is behind", PHONE,
    async (reader, page) => {
        await reader.signIn("offer");
        const address = await page.getByRole("link", { name: "Open the authenticator app" }).getAttribute("href");
        const uri = new URL(address);
        assert.equal(`${uri.protocol}//${uri.host}`, "otpauth://totp");
        assert.equal(decodeURIComponent(uri.pathname), "/Postlatch:offer@demo.test");
        assert.deepEqual(Object.fromEntries(uri.searchParams),
            { secret: "TYICA5YT5Z2VJELNTL6PEHD72P27202X", issuer: "Postlatch" });
        assert.equal(await page.locator("code").textContent(), "TYIC A5YT 5Z2V JELN TL6P EHD7 2P27 202X");
        assert.equal(await page.getByRole("img", { name: /QR code/ }).count(), 0);
        await page.getByText("Is the app on another phone?").click();
        await page.getByRole("img", { name: /QR code/ }).waitFor();
    });

test("a registration names the account", {}, async (reader, page) => {
    await reader.signIn("offer");
    assert.equal(await page.locator("[data-who]").textContent(), "Postlatchoffer@demo.test");
});

const ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-S918N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile";
const APPS = {
    KakaoTalk: [`${ANDROID} Safari/537.36;KAKAOTALK 2410450`, "카카오톡 안에서 열린 페이지입니다"],
    NAVER: [`${ANDROID} Safari/537.36 NAVER(inapp; search; 2000; 12.8.1)`, "네이버 앱 안에서 열린 페이지입니다"],
    "Samsung Internet": [`${ANDROID} SamsungBrowser/26.0 Safari/537.36`, null],
};
for (const [name, [userAgent, advice]] of Object.entries(APPS)) {
    test(`who reads the page in ${name} is ${advice ? "advised to open another browser" : "left alone"}`,
        { userAgent, locale: "ko-KR" }, async (reader, page) => {
            const advised = () => page.getByText(advice ?? "안에서 열린 페이지입니다").count();
            await reader.open("/sign-in");
            await page.locator("[name=user]").waitFor();
            assert.equal(await advised(), advice ? 1 : 0);
            await reader.signIn("must");
            await page.locator("[name=code]").waitFor();
            assert.equal(await advised(), advice ? 1 : 0);
        });
}

test("a key that expired is replaced by a new one, and that is said", {}, async (reader, page) => {
    await reader.signIn("offer");
    await reader.heading("Set up two-step verification");
    await reader.fail("/api/sign-in/registration/confirm", 422, { error: "registration-expired" });
    let begun = 0;
    page.on("request", (request) => { begun += request.url().endsWith("/registration"); });
    await reader.code();
    await page.getByText("no longer valid").waitFor();
    assert.equal(begun, 1);
    await reader.code();
    await reader.heading("Keep your recovery codes");
});

test("the key and another language begin one registration only, and keep the code that was typed", {},
    async (reader, page) => {
        let begun = 0;
        page.on("request", (request) => { begun += request.url().endsWith("/registration"); });
        await reader.signIn("offer");
        await page.getByText("Can’t scan it?").click();
        await page.fill("[name=code]", "123");
        await reader.button("한국어").click();
        await reader.heading("2단계 인증 등록");
        await page.locator("dl").waitFor();
        assert.equal(await page.inputValue("[name=code]"), "123");
        assert.equal(begun, 1);
    });

// The browser complains of what it refuses to run while it parses; that is as it should be.
test("nothing but shapes comes out of the drawing", { complaints: true }, async (reader, page) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="document.title='bad'">
        <script>document.title = "bad"</script><style>h1 { display: none }</style>
        <image href="https://stranger.test/x"/>
        <foreignObject><p xmlns="http://www.w3.org/1999/xhtml">bad</p></foreignObject>
        <a href="javascript:1"><path d="M9 9"/></a>
        <path d="M0 0h1v1h-1z" style="fill: red" onclick="bad()" id="frame" tabindex="0"
            fill="url(https://stranger.test/y)"/></svg>`;
    await page.route("**/api/sign-in/registration", async (route) => {
        const answer = await (await route.fetch()).json();
        await route.fulfill({ json: { ...answer, svg } });
    });
    await reader.signIn("offer");
    const figure = page.locator("figure");
    await figure.locator("path").waitFor({ state: "attached" });
    const found = await figure.evaluate((node) => [...node.querySelectorAll("*")].map((child) =>
        [child.localName, ...child.getAttributeNames().sort()].join(" ")));
    assert.deepEqual(found, ["svg aria-label role viewBox", "path d"]);
    assert.ok(!reader.complaints.some((text) => text.includes("stranger.test")));
});

test("recovery codes are shown once, can be kept in three ways, and lead on", {}, async (reader, page) => {
    await reader.signIn("offer", "/oauth2/authorize?client_id=mail");
    await reader.code("654321");
    assert.match(await reader.alert(), /not right/);
    await reader.code();
    await reader.heading("Keep your recovery codes");
    const codes = await page.locator("[data-codes] code").allTextContents();
    assert.equal(codes.length, 10);
    await reader.allowClipboard();
    await reader.button("Copy").click();
    await reader.said();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes.join("\n"));
    const downloading = page.waitForEvent("download");
    await reader.button("Download").click();
    const text = await readFile(await (await downloading).path(), "utf8");
    assert.match(text, /offer@demo\.test/);
    for (const code of codes) assert.ok(text.includes(code));
    await page.evaluate(() => { window.print = () => { window.printed = true; }; });
    await reader.button("Print").click();
    assert.equal(await page.evaluate(() => window.printed), true);
    await reader.button("I have kept them").click();
    await page.waitForURL("**/oauth2/authorize?client_id=mail");
});

test("recovery codes are not left by mistake, and can be made again until they are kept", {}, async (reader, page) => {
    const back = "/oauth2/authorize?client_id=mail";
    await reader.signIn("offer", back);
    await reader.code();
    await reader.heading("Keep your recovery codes");
    const asked = [];
    let agrees = false;
    page.on("dialog", (dialog) => {
        asked.push(dialog.type());
        return agrees ? dialog.accept() : dialog.dismiss();
    });
    const reload = () => page.evaluate(() => { location.reload(); });
    const asking = page.waitForEvent("dialog");
    await reload();
    await asking;
    await reader.heading("Keep your recovery codes");
    agrees = true;
    await reload();
    await reader.heading("Recovery codes not saved yet");
    await reader.button("New recovery codes").click();
    await reader.heading("Keep your recovery codes");
    // What cannot be recorded leaves the codes where they are.
    await reader.fail("/api/account/recovery-codes/kept", 503, { error: "try-again-later", wait: 1 });
    await reader.button("I have kept them").click();
    assert.match(await reader.alert(), /cannot answer just now/);
    assert.equal(await page.locator("[data-codes] code").count(), 10);
    await reader.button("I have kept them").click();
    await page.waitForURL(`**${back}`);
    assert.deepEqual(asked, ["beforeunload", "beforeunload"]);
});

test("codes that nobody has kept are told of at the next sign-in and on the account page", {}, async (reader, page) => {
    await reader.signIn("unkept");
    await reader.heading("Recovery codes not saved yet");
    await reader.button("Later").click();
    await reader.arrived();
    await page.getByText("have not said that you kept them").waitFor();
    await reader.button("I have kept them").click();
    assert.match(await reader.said(), /marked as kept/);
    assert.equal(await page.getByText("have not said that you kept them").count(), 0);
    await reader.open("/sign-in");
    await reader.arrived();
});

test("paper has the recovery codes and none of the buttons", {}, async (reader, page) => {
    await reader.signIn("offer");
    await reader.code();
    await reader.heading("Keep your recovery codes");
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("button:visible").count(), 0);
    assert.equal(await page.locator("[data-codes] code:visible").count(), 10);
});

test("a registration waits for a server that cannot answer", {}, async (reader) => {
    await reader.fail("/api/sign-in/registration", 503, { error: "try-again-later", wait: 1 });
    await reader.signIn("offer");
    await reader.heading("Just a moment");
    await reader.heading("Set up two-step verification");
});
