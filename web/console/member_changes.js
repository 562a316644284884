// member_changes.js - changes of a member's settings: saved, with a question first where they are rather a mistake.

import { settle } from "../account/state.js";
import { say } from "../lib/announcements.js";
import { agree } from "../lib/dialog.js";
import { t } from "../lib/language.js";
import { isNetworks } from "./domain_words.js";
import { isInside } from "./networks.js";
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

// The address from which the member has signed in to webmail last, if the change shuts it out; else null.
function shutOut({ settings, last_uses: uses }, changes) {
    const name = "webmail_allowed_networks";
    const networks = name in changes ? result(settings, changes, name) : "";
    const last = uses.find(({ service }) => service === "webmail");
    return last?.ip && isNetworks(networks) && !isInside(last.ip, networks) ? last.ip : null;
}

async function mayShutOut(member, changes) {
    const address = shutOut(member, changes);
    return address === null || agree({
        title: t("member.outside-title"), text: t("member.outside-text", { address }),
        yes: t("member.save-all-the-same"),
    });
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
    if ((await agreed(object, changes)) && (await mayShutOut(object.value, changes)) &&
        (await object.save(changes))) settle(t("domain.saved"), id);
    return undefined;
}
