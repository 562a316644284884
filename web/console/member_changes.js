// member_changes.js - changes of a member's settings: saved, with a question first where they are rather a mistake.

import { settle } from "../account/state.js";
import { say } from "../lib/announcements.js";
import { agree } from "../lib/dialog.js";
import { t } from "../lib/language.js";
import { splitDate } from "./setting_field.js";

// What will hold, sooner or later.
function result(settings, changes, name) {
    const own = changes[name] ?? settings[name].own;
    return own === "inherit" ? settings[name].inherited.value : splitDate(own)[0];
}

// The second factor is required, and skipped all the same.
function skipsWhatIsRequired(settings, changes) {
    return result(settings, changes, "two_factor") === "on" &&
        result(settings, changes, "two_factor_mode") === "skip" &&
        result(settings, changes, "two_factor_requirement") === "required";
}

async function agreed({ value: { settings } }, changes) {
    if (skipsWhatIsRequired(settings, {}) || !skipsWhatIsRequired(settings, changes)) return true;
    return agree({
        title: t("member.skip-title"), text: t("member.skip-required"), yes: t("member.save-all-the-same"),
    });
}

// For a form of the section with that id.
export async function saveMember(object, changes, id) {
    if (Object.keys(changes).length === 0) return say(t("domain.nothing-changed"));
    if ((await agreed(object, changes)) && (await object.save(changes))) settle(t("domain.saved"), id);
    return undefined;
}
