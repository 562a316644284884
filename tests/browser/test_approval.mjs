// test_approval.mjs - two browsers, one of the size of a desk and one of a phone: the phone is registered, approves, and
// denies.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "../web/harness.mjs";
import { contrasts, names, violations, widths } from "../web/page_checks.mjs";
import { plugIn } from "./authenticator.mjs";
import { env, newMember, until } from "./server.mjs";
import { Visitor, messages } from "./visitor.mjs";

const axe = await readFile(`${process.env.NODE_FOLDER}/node_modules/axe-core/axe.min.js`, "utf8");
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const LANGUAGES = { en: "en-US", ko: "ko-KR" };

// A page of the phone's browser, which sees nothing of the desk's.
class OnPhone {
    static async at(reader, language, address = `${env.PORTAL_URL}/approve`) {
        const phone = new OnPhone();
        phone.page = (await reader.another({ ...PHONE, locale: LANGUAGES[language] })).page;
        phone.lock = await plugIn(phone.page);
        phone.words = await messages(language);
        await phone.page.goto(address);
        return phone;
    }

    says(key) {
        return this.page.getByText(this.words[key]).first().waitFor();
    }

    async press(key) {
        await this.page.getByRole("button", { name: this.words[key], exact: true }).click();
    }

    async fits() {
        await this.page.evaluate(axe);
        for (const check of [widths, names, contrasts, violations]) {
            assert.deepEqual(await this.page.evaluate(check), [], check.name);
        }
    }
}

const numberOf = (page) => page.locator("[data-match] b").textContent();

// Registers the phone by what the desk shows to those who cannot scan.
async function register(visitor, phone) {
    await visitor.page.locator("summary").click();
    const [institution, user, code] = await visitor.page.locator("dd").allTextContents();
    await phone.page.fill("[name=institution]", institution);
    await phone.page.fill("[name=user]", user);
    await phone.page.fill("[name=code]", code);
    await phone.fits();
    await phone.press("approve.register");
    assert.equal(await numberOf(phone.page), await numberOf(visitor.page));
    await phone.fits();
    await visitor.button("phone.same").click();
}

// A new member who is to register, in the language, and the page of a phone.
async function atRegistration(reader, language) {
    const visitor = new Visitor(reader, await newMember());
    if (language === "ko") visitor.inKorean();
    await visitor.knock();
    await visitor.button("phone.register-instead").click();
    await visitor.heading("phone.title");
    return { visitor, phone: await OnPhone.at(reader, language) };
}

for (const language of ["en", "ko"]) {
    test(`a phone is registered at the first sign-in and lets the desk in, in ${language}`, { locale: LANGUAGES[language] },
        async (reader) => {
            const { visitor, phone } = await atRegistration(reader, language);
            await register(visitor, phone);
            const [code] = await visitor.keepRecoveryCodes();
            assert.ok(code);
            await visitor.inbox();
            await phone.says("approve.nothing");
            await phone.fits();

            await visitor.page.context().clearCookies();
            await visitor.knock();
            await visitor.says("approval.lead");
            await visitor.button("approval.submit").click();
            const number = await numberOf(visitor.page);
            await phone.says("approve.sign-in");
            await phone.fits();
            await phone.page.keyboard.type(number);
            await phone.page.keyboard.press("Enter");
            await phone.says("approve.approved");
            await visitor.inbox();
        });
}

test("who is not asked for denies it, and the sign-in ends", {}, async (reader) => {
    const visitor = new Visitor(reader, await newMember());
    await visitor.begin();
    await visitor.account();
    await visitor.section("phones").getByRole("button", { name: visitor.t("phone.add") }).click();
    await visitor.heading("phone.title");
    // As the camera reads it.
    const address = (await visitor.scanCode()).href;
    assert.ok(address.startsWith(`${env.PORTAL_URL}/approve#`), address);
    const phone = await OnPhone.at(reader, "en", address);
    await phone.says("approve.scanned");
    await phone.fits();
    await phone.press("approve.register");
    assert.equal(await numberOf(phone.page), await numberOf(visitor.page));
    await visitor.button("phone.same").click();
    await visitor.says("phone.made");
    await phone.says("approve.nothing");

    const thief = await visitor.elsewhere();
    await thief.knock();
    await thief.says("approval.lead");
    await thief.button("approval.submit").click();
    await phone.says("approve.sign-in");
    await phone.press("approve.not-me");
    await phone.press("approve.deny");
    await phone.says("approve.denied");
    await thief.heading("password.title");
    await visitor.page.goto(`${env.WEBMAIL_URL}/?_task=mail&_mbox=INBOX`);
    await visitor.await("A sign-in was denied on your phone");
    await visitor.account();
    await visitor.section("phones").getByRole("button", { name: /^Remove / }).click();
    await visitor.page.getByRole("dialog").getByRole("button", { name: visitor.t("passkey.remove"), exact: true }).click();
    await visitor.says("phone.removed");
    await phone.says("approve.gone");
});

test("a phone that is not unlocked is not registered, and approves nothing", { ...PHONE }, async (reader) => {
    const { visitor, phone } = await atRegistration(reader, "en");
    await phone.lock("setUserVerified", { isUserVerified: false });
    await visitor.page.locator("summary").click();
    const [institution, user, code] = await visitor.page.locator("dd").allTextContents();
    const typed = { institution, user, code };
    const register = async () => {
        for (const [name, value] of Object.entries(typed)) await phone.page.fill(`[name=${name}]`, value);
        await phone.press("approve.register");
    };
    await register();
    await phone.says("error.phone-lock-cancelled");
    await phone.lock("setUserVerified", { isUserVerified: true });
    await register();
    assert.equal(await numberOf(phone.page), await numberOf(visitor.page));
    await visitor.button("phone.same").click();
    await visitor.keepRecoveryCodes();
    await visitor.inbox();

    await visitor.page.context().clearCookies();
    await visitor.knock();
    await visitor.button("approval.submit").click();
    const number = await numberOf(visitor.page);
    await phone.says("approve.sign-in");
    await phone.lock("setUserVerified", { isUserVerified: false });
    await phone.page.fill("[name=number]", number);
    await phone.press("approve.approve");
    await phone.says("error.phone-lock-cancelled");
    await phone.fits();
    await phone.lock("setUserVerified", { isUserVerified: true });
    await phone.press("approve.approve");
    await phone.says("approve.approved");
    await visitor.inbox();
});

test("a phone without a lock is told to set one up", { locale: LANGUAGES.ko }, async (reader) => {
    const { visitor, phone } = await atRegistration(reader, "ko");
    await phone.lock("removeVirtualAuthenticator", {});
    await visitor.page.locator("summary").click();
    const [institution, user, code] = await visitor.page.locator("dd").allTextContents();
    await phone.page.fill("[name=institution]", institution);
    await phone.page.fill("[name=user]", user);
    await phone.page.fill("[name=code]", code);
    await phone.press("approve.register");
    await phone.says("error.phone-lock-needed");
    await phone.fits();
});

test("the phone's page can be installed", { ...PHONE }, async (reader, page) => {
    await page.goto(`${env.PORTAL_URL}/approve`);
    await page.getByRole("button").first().waitFor();
    const cdp = await page.context().newCDPSession(page);
    const { errors, data } = await cdp.send("Page.getAppManifest");
    assert.deepEqual(errors, []);
    assert.equal(JSON.parse(data).start_url, "/approve");
});

// No push service can be reached here: the browser is told what one would say, and its worker what one would send.
const WITH_SERVICE = () => {
    PushManager.prototype.getSubscription = async () => null;
    PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
        if (!userVisibleOnly || applicationServerKey.length !== 87) throw new Error("not as it must be asked");
        return { endpoint: "https://push.example/wake/1" };
    };
};

// Delivers a message without content to the worker, as the browser's push service does.
async function push(page) {
    const cdp = await page.context().newCDPSession(page);
    const registration = await new Promise((resolve) => {
        cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: [first] }) => first && resolve(first));
        cdp.send("ServiceWorker.enable");
    });
    await cdp.send("ServiceWorker.deliverPushMessage", {
        origin: env.PORTAL_URL, registrationId: registration.registrationId, data: "",
    });
}

// Begins to note what the worker has shown. Browsers of one process share a place for it, so it is not asked there.
async function watchNotices(page) {
    const [worker] = page.context().serviceWorkers();
    await worker.evaluate(() => {
        const show = ServiceWorkerRegistration.prototype.showNotification;
        self.shown = [];
        ServiceWorkerRegistration.prototype.showNotification = async function(title, options) {
            await show.call(this, title, options);
            self.shown.push({ title, tag: options.tag });
        };
    });
    return () => worker.evaluate(() => self.shown);
}

for (const language of ["en", "ko"]) {
    test(`a phone that is woken shows that a sign-in waits, in ${language}`, { locale: LANGUAGES[language] }, async (reader) => {
        const { visitor, phone } = await atRegistration(reader, language);
        await phone.page.addInitScript(WITH_SERVICE);
        await phone.page.reload();
        await phone.page.context().grantPermissions(["notifications"]);
        await register(visitor, phone);
        await visitor.keepRecoveryCodes();
        await visitor.inbox();
        await phone.says("approve.woken");
        await phone.fits();
        const notices = await watchNotices(phone.page);
        await push(phone.page);
        await until("something is shown", async () => (await notices()).length > 0);
        const [{ title, tag }] = await notices();
        assert.equal(title, phone.words["approve.waits"]);
        assert.equal(tag, "approval");
    });
}

test("a phone may be woken only if its owner says so", { ...PHONE }, async (reader) => {
    const { visitor, phone } = await atRegistration(reader, "en");
    await phone.page.addInitScript(WITH_SERVICE);
    // Headless browsers deny what they would ask about.
    await phone.page.addInitScript(() => {
        Object.defineProperty(Notification, "permission", { get: () => "default" });
        Notification.requestPermission = async () => "denied";
    });
    await phone.page.reload();
    await register(visitor, phone);
    await phone.page.getByRole("button", { name: phone.words["approve.wake"] }).waitFor();
    await phone.fits();
    await phone.press("approve.wake");
    await phone.says("approve.wake-denied");
    await phone.fits();
});
