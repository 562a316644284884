// later_steps.js - the steps that come after the password, in one place to be loaded from.

export { ApprovalStep } from "./approval.js";
export { Code } from "./code.js";
export { CodesStep } from "./codes_step.js";
export { Identity } from "./identity.js";
export { Passkey } from "./passkey.js";
export { PasskeyRegistration } from "./passkey_registration.js";
export { PhoneRegistration } from "./phone_registration.js";
export { Recovery } from "./recovery.js";
export { RecoveryContact } from "./recovery_contact.js";
export { Registration } from "./registration.js";
