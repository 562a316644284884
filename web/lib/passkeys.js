// passkeys.js - the browser's side of passkeys (W3C Web Authentication): options of the portal in, what the
// authenticator gives out. The portal checks all of it.

import { ApiError } from "./api.js";
import { decode, encode } from "./bytes.js";

// Browsers without getAuthenticatorData() are older than 2023.
export const canUsePasskeys = () => Boolean(globalThis.PublicKeyCredential?.prototype && navigator.credentials);

const listed = (passkeys) => passkeys.map(({ id, transports }) => ({ type: "public-key", id: decode(id), transports }));

// The reader has closed the browser's question, or there is no such passkey: browsers do not tell which.
async function asked(question) {
    try {
        return await question();
    } catch (error) {
        throw new ApiError(error.code === DOMException.INVALID_STATE_ERR ? "passkey-known" : "passkey-cancelled");
    }
}

// What to send for the answer of the portal that has a challenge.
export async function provePasskey({ challenge, rp_id: rpId, passkeys }) {
    const publicKey = {
        challenge: decode(challenge), rpId, allowCredentials: listed(passkeys), userVerification: "required",
    };
    const { rawId, response } = await asked(() => navigator.credentials.get({ publicKey }));
    return {
        id: encode(rawId),
        client_data: encode(response.clientDataJSON),
        authenticator_data: encode(response.authenticatorData),
        signature: encode(response.signature),
        ...(response.userHandle?.byteLength ? { user_handle: encode(response.userHandle) } : {}),
    };
}

export async function makePasskey({ challenge, rp_id: id, name, account, user_id: userId, passkeys }) {
    const publicKey = {
        challenge: decode(challenge),
        rp: { id, name },
        user: { id: decode(userId), name: account, displayName: account },
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: listed(passkeys),
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        attestation: "none",
    };
    const { response } = await asked(() => navigator.credentials.create({ publicKey }));
    const transports = response.getTransports?.() ?? [];
    return {
        client_data: encode(response.clientDataJSON),
        authenticator_data: encode(response.getAuthenticatorData()),
        ...(transports.length > 0 ? { transports } : {}),
    };
}
