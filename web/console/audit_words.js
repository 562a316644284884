// audit_words.js - what a record has changed, in the words that the other pages have for settings and their values. What
// is none stays as it was recorded.

import { t } from "../lib/language.js";
import { changesOf } from "./audit_changes.js";
import { datedValueName, isSetting, settingName } from "./domain_words.js";

const NAMES = { active: "setting.active", class: "setting.class" };
const SWITCHED = { on: "value.on", off: "value.off" };

function valueOf(name, text) {
    if (name === "active" && SWITCHED[text]) return t(SWITCHED[text]);
    return isSetting(name) && text !== "" ? datedValueName(text) : text;
}

function inWords({ name, from, to }) {
    const words = NAMES[name] ? t(NAMES[name]) : isSetting(name) ? settingName(name) : name;
    return { key: name, name: words, from: valueOf(name, from), to: valueOf(name, to) };
}

// [{ key, name, from, to }], as changesOf() has them.
export const changesInWords = (before, after) => changesOf(before, after).map(inWords);
