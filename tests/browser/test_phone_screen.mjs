// test_phone_screen.mjs - the whole way on a small phone, in both languages.

import assert from "node:assert/strict";
import { test } from "../web/harness.mjs";
import { widths } from "../web/page_checks.mjs";
import { env, newMember, Phone } from "./server.mjs";
import { Visitor } from "./visitor.mjs";

const SCREEN = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

for (const [language, locale] of [["Korean", "ko-KR"], ["English", "en-US"]]) {
    test(`nothing is too wide for a phone from the first screen to the account pages, in ${language}`,
        { ...SCREEN, locale }, async (reader, page) => {
            const visitor = new Visitor(reader, await newMember());
            if (locale === "ko-KR") visitor.inKorean();
            const fits = async (key) => {
                await visitor.heading(key);
                assert.deepEqual(await page.evaluate(widths), [], key);
            };
            await page.goto(env.WEBMAIL_URL);
            await fits("password.title");
            await visitor.signIn();
            await fits("registration.title");
            const [, key] = await visitor.readKey();
            await fits("registration.title");
            visitor.phone = new Phone(key);
            await visitor.enter(await visitor.phone.code());
            await fits("codes.title");
            await visitor.keepRecoveryCodes();
            await visitor.inbox();
            assert.equal(await page.getAttribute("html", "lang"), locale.slice(0, 2));
            const { scrollWidth, clientWidth } = await page.evaluate(() => document.documentElement);
            assert.equal(scrollWidth, clientWidth);

            await page.context().clearCookies();
            await page.goto(env.WEBMAIL_URL);
            await visitor.signIn();
            await fits("code.title");
            await visitor.enter(await visitor.phone.code(), { trust: true });
            await visitor.inbox();
            await visitor.twoStepSettings(locale === "ko-KR" ? "2단계 인증 설정" : "Two-step verification");
            await fits("account.title");
        });
}
