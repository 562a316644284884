// client.mjs - relying parties made with openid-client and oauth4webapi, which do what they are told.
//
// It reads one request a line from standard input, {"party": ID, "do": NAME, ...arguments}, and writes one line for
// each: {"value": ...}, or {"error": CODE, "message": TEXT} for what the library refuses. The first request of a
// party names its library. Both come from $NODE_FOLDER, and check each answer of the provider: neither is told to
// be lenient.

import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// Node 18 has it under another name.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;

const installed = createRequire(`${process.env.NODE_FOLDER}/`);
const openid = await import(pathToFileURL(installed.resolve("openid-client")));
const oauth = await import(pathToFileURL(installed.resolve("oauth4webapi")));

class OpenidClient {
    // A secret and nothing else: the library's defaults, client_secret_post and RS256.
    async discover({ issuer, id, secret, alg, way }) {
        const ways = { basic: () => openid.ClientSecretBasic(secret), none: () => openid.None() };
        const metadata = { client_secret: secret };
        if (alg) metadata.id_token_signed_response_alg = alg;
        this.config = await openid.discovery(new URL(issuer), id, alg ? metadata : secret, ways[way]?.());
        // ID tokens that come from the token endpoint need no check of their signature otherwise.
        openid.enableNonRepudiationChecks(this.config);
        return this.config.serverMetadata();
    }

    // RFC 7591, as a public client.
    async register({ issuer, metadata }) {
        this.config = await openid.dynamicClientRegistration(new URL(issuer), metadata, openid.None());
        openid.enableNonRepudiationChecks(this.config);
        return this.config.clientMetadata();
    }

    async authorize(fields) {
        this.verifier = openid.randomPKCECodeVerifier();
        this.state = openid.randomState();
        this.nonce = openid.randomNonce();
        this.maxAge = fields.max_age === undefined ? undefined : Number(fields.max_age);
        return openid.buildAuthorizationUrl(this.config, {
            scope: "openid email", state: this.state, nonce: this.nonce, code_challenge_method: "S256",
            code_challenge: await openid.calculatePKCECodeChallenge(this.verifier), ...fields,
        }).href;
    }

    async redeem({ location }) {
        const tokens = await openid.authorizationCodeGrant(this.config, new URL(location), {
            pkceCodeVerifier: this.verifier, expectedState: this.state, expectedNonce: this.nonce,
            maxAge: this.maxAge, idTokenExpected: true,
        });
        return { ...tokens, claims: tokens.claims() };
    }

    userinfo({ token, sub }) {
        return openid.fetchUserInfo(this.config, token, sub);
    }

    async refresh({ token }) {
        const tokens = await openid.refreshTokenGrant(this.config, token);
        return { ...tokens, claims: tokens.claims() };
    }

    introspect({ token }) {
        return openid.tokenIntrospection(this.config, token);
    }

    revoke({ token }) {
        return openid.tokenRevocation(this.config, token);
    }

    endSession({ ...fields }) {
        return openid.buildEndSessionUrl(this.config, fields).href;
    }
}

class Oauth4webapi {
    async discover({ issuer, id, secret, alg, way }) {
        const ways = {
            basic: () => oauth.ClientSecretBasic(secret), none: () => oauth.None(),
            body: () => oauth.ClientSecretPost(secret),
        };
        const url = new URL(issuer);
        this.server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url));
        this.client = { client_id: id };
        if (alg) this.client.id_token_signed_response_alg = alg;
        this.authentication = ways[way]();
        return this.server;
    }

    async register({ issuer, metadata }) {
        const url = new URL(issuer);
        this.server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url));
        this.client = await oauth.processDynamicClientRegistrationResponse(
            await oauth.dynamicClientRegistrationRequest(this.server, metadata));
        this.authentication = oauth.None();
        return this.client;
    }

    async authorize(fields) {
        this.verifier = oauth.generateRandomCodeVerifier();
        this.state = oauth.generateRandomState();
        this.nonce = oauth.generateRandomNonce();
        this.redirect = fields.redirect_uri;
        this.maxAge = fields.max_age === undefined ? undefined : Number(fields.max_age);
        const url = new URL(this.server.authorization_endpoint);
        url.search = new URLSearchParams({
            client_id: this.client.client_id, response_type: "code", scope: "openid email", state: this.state,
            nonce: this.nonce, code_challenge_method: "S256",
            code_challenge: await oauth.calculatePKCECodeChallenge(this.verifier), ...fields,
        });
        return url.href;
    }

    // The library reads the ID token before its signature.
    async checked(request, read) {
        const signed = request.clone();
        const tokens = await read(request);
        const claims = oauth.getValidatedIdTokenClaims(tokens);
        if (claims) {
            await read(signed);
            await oauth.validateApplicationLevelSignature(this.server, signed);
        }
        return { ...tokens, claims };
    }

    async redeem({ location }) {
        const answer = oauth.validateAuthResponse(this.server, this.client, new URL(location), this.state);
        return this.checked(
            await oauth.authorizationCodeGrantRequest(
                this.server, this.client, this.authentication, answer, this.redirect, this.verifier),
            (response) => oauth.processAuthorizationCodeResponse(this.server, this.client, response, {
                expectedNonce: this.nonce, maxAge: this.maxAge, requireIdToken: true,
            }));
    }

    async userinfo({ token, sub }) {
        return oauth.processUserInfoResponse(
            this.server, this.client, sub, await oauth.userInfoRequest(this.server, this.client, token));
    }

    async refresh({ token }) {
        return this.checked(
            await oauth.refreshTokenGrantRequest(this.server, this.client, this.authentication, token),
            (response) => oauth.processRefreshTokenResponse(this.server, this.client, response));
    }

    async introspect({ token }) {
        return oauth.processIntrospectionResponse(
            this.server, this.client,
            await oauth.introspectionRequest(this.server, this.client, this.authentication, token));
    }

    async revoke({ token }) {
        return oauth.processRevocationResponse(
            await oauth.revocationRequest(this.server, this.client, this.authentication, token));
    }

    endSession({ ...fields }) {
        const url = new URL(this.server.end_session_endpoint);
        url.search = new URLSearchParams({ client_id: this.client.client_id, ...fields });
        return url.href;
    }
}

const libraries = { "openid-client": OpenidClient, oauth4webapi: Oauth4webapi };
const parties = new Map();

for await (const line of createInterface({ input: process.stdin })) {
    const { party, library, do: name, ...fields } = JSON.parse(line);
    if (!parties.has(party)) parties.set(party, new libraries[library]());
    let answer;
    try {
        answer = { value: (await parties.get(party)[name](fields)) ?? null };
    } catch (error) {
        answer = { error: error.error ?? error.code ?? error.name, message: `${error.message}: ${error.cause?.message}` };
    }
    console.log(JSON.stringify(answer));
}
