// pages.js - the account pages: a row has its address, the key of its title, that of a shorter one for the
// navigation if there is one, and the component that draws it below the title. Rows that belong to another page
// are cards of their own, and not in the navigation. A row with when is there only while the session says so.

import { AppPasswords } from "./app_passwords.js";
import { Applications } from "./applications.js";
import { Activity } from "./activity.js";
import { CodesPage } from "./codes.js";
import { ConnectionTest } from "./connection_test.js";
import { Devices } from "./devices.js";
import { Forwarding } from "./forwarding.js";
import { Links } from "./links.js";
import { ChangePassword } from "./password.js";
import { PhoneRegistrationPage } from "./phone_registration.js";
import { RegistrationPage } from "./registration.js";
import { RecoveryContacts } from "./recovery_contacts.js";
import { SetUp } from "./set_up.js";
import { TwoStep } from "./two_step.js";

export const pages = [
    { path: "/account", title: "account.title", short: "account.short", component: TwoStep },
    { path: "/account/devices", title: "devices.page", component: Devices },
    { path: "/account/app-passwords", title: "app-passwords.title", component: AppPasswords },
    { path: "/account/applications", title: "applications.title", component: Applications },
    { path: "/account/forwarding", title: "forwarding.title", component: Forwarding },
    { path: "/account/large-attachments", title: "links.title", component: Links, when: "large_attachments" },
    { path: "/account/set-up", title: "set-up.title", component: SetUp },
    { path: "/account/connection-test", title: "test.page", component: ConnectionTest },
    {
        path: "/account/password", title: "change-password.title", component: ChangePassword,
        when: "password_change",
    },
    {
        path: "/account/recovery-contact", title: "recovery-contact.page", component: RecoveryContacts,
        when: "recovery_contacts",
    },
    { path: "/account/activity", title: "activity.page", component: Activity },
    { path: "/account/phone", component: PhoneRegistrationPage, within: "/account" },
    { path: "/account/registration", component: RegistrationPage, within: "/account" },
    { path: "/account/recovery-codes", component: CodesPage, within: "/account" },
];
