// lock.js - the phone's lock: whoever approves shows its PIN, pattern, fingerprint or face to the phone, which says so
// with a credential of its own (W3C Web Authentication). What it signs is described in portal/approve/lock.h.

import { ApiError } from "../lib/api.js";
import { encode } from "../lib/bytes.js";

const ALGORITHMS = [-7, -8, -257]; // ES256, EdDSA, RS256
const SECONDS = 60;

export async function canLock() {
    const { PublicKeyCredential: kind } = globalThis;
    return Boolean(await kind?.isUserVerifyingPlatformAuthenticatorAvailable?.().catch(() => false));
}

// Browsers do not tell whether the owner has closed the question or could not be recognised.
async function asked(question) {
    try {
        return await question();
    } catch {
        throw new ApiError("phone-lock-cancelled");
    }
}

const fieldsOf = (response, data) => ({
    lock_client_data: encode(response.clientDataJSON), lock_authenticator_data: encode(data),
});

// { id, fields }: the new lock, and what the portal is told of it.
export async function makeLock(challenge, account) {
    const publicKey = {
        challenge,
        rp: { id: location.hostname, name: location.hostname },
        user: { id: crypto.getRandomValues(new Uint8Array(16)), name: account, displayName: account },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: {
            authenticatorAttachment: "platform", residentKey: "discouraged", userVerification: "required",
        },
        attestation: "none",
        timeout: SECONDS * 1000,
    };
    const { rawId, response } = await asked(() => navigator.credentials.create({ publicKey }));
    return { id: rawId, fields: fieldsOf(response, response.getAuthenticatorData()) };
}

export async function openLock(id, challenge) {
    const publicKey = {
        challenge, rpId: location.hostname, allowCredentials: [{ type: "public-key", id }],
        userVerification: "required", timeout: SECONDS * 1000,
    };
    const { response } = await asked(() => navigator.credentials.get({ publicKey }));
    return { ...fieldsOf(response, response.authenticatorData), lock_signature: encode(response.signature) };
}
