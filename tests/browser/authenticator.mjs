// authenticator.mjs - Chromium's own authenticator, which needs no hand.

// An authenticator of the page's browser, with its user verified.
export async function plugIn(page) {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
        options: {
            protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true,
            isUserVerified: true, automaticPresenceSimulation: true,
        },
    });
    return (method, parameters) => cdp.send(`WebAuthn.${method}`, { authenticatorId, ...parameters });
}

export async function addPasskey(visitor, name) {
    await visitor.account();
    await visitor.section("passkeys").getByRole("button", { name: visitor.t("passkey.add") }).click();
    await visitor.page.fill("dialog [name=name]", name);
    await visitor.page.click("dialog [type=submit]");
    await visitor.says("passkey.made");
}
