// devices.js - the page of devices: the trusted ones, and those that are signed in.

import { html } from "../lib/html.js";
import { SignedInDevices } from "./signed_in_devices.js";
import { useAccount } from "./state.js";
import { TrustedDevices } from "./trusted_devices.js";

export function Devices() {
    const account = useAccount();
    return account && html`
        <${TrustedDevices} devices=${account.devices} />
        <${SignedInDevices} sessions=${account.sessions} />`;
}
