// main.mjs - runs all tests, or those whose names have the given word in them.

import { runAll } from "../web/harness.mjs";
import "./test_registration.mjs";
import "./test_second_step.mjs";
import "./test_passkeys.mjs";
import "./test_passkey_alone.mjs";
import "./test_approval.mjs";
import "./test_app_passwords.mjs";
import "./test_connection_test.mjs";
import "./test_devices.mjs";
import "./test_webmail.mjs";
import "./test_uploads.mjs";
import "./test_refusals.mjs";
import "./test_account.mjs";
import "./test_applications.mjs";
import "./test_set_up.mjs";
import "./test_phone_screen.mjs";
import "./test_first_page.mjs";
import "./test_console.mjs";
import "./test_console_audit.mjs";
import "./test_console_administrators.mjs";
import "./test_console_boundaries.mjs";
import "./test_console_domains.mjs";
import "./test_console_overview.mjs";
import "./test_console_member.mjs";
import "./test_console_members.mjs";
import "./test_console_forwards.mjs";
import "./test_console_attachments.mjs";
import "./test_console_import.mjs";
import "./test_console_jobs.mjs";
import "./test_console_keyboard.mjs";
import "./test_administration.mjs";
import "./test_console_screens.mjs";

process.exit((await runAll(process.argv[2])) ? 1 : 0);
