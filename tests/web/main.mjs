// main.mjs - runs all tests, or those whose names have the given word in them.

import { runAll } from "./harness.mjs";
import "./test_sign_in.mjs";
import "./test_later_steps.mjs";
import "./test_registration.mjs";
import "./test_account.mjs";
import "./test_set_up.mjs";
import "./test_activity.mjs";
import "./test_password.mjs";
import "./test_addresses.mjs";
import "./test_app_passwords.mjs";
import "./test_applications.mjs";
import "./test_connection_test.mjs";
import "./test_typing.mjs";
import "./test_first_state.mjs";
import "./test_forwarding.mjs";
import "./test_links.mjs";
import "./test_recovery_contact.mjs";
import "./test_forgotten.mjs";
import "./test_identity.mjs";
import "./test_every_screen.mjs";

process.exit((await runAll(process.argv[2])) ? 1 : 0);
