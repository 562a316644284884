// audit_changes.js - what of a record's before and after is another.

// A label with blanks comes last.
function wordsOf(text) {
    const [, others, label] = /^(.*?)((?:^| )label=[^=]*)?$/s.exec(text);
    return [...others.split(" "), (label ?? "").trim()].filter(Boolean);
}

// "pop3=on class=staff" by name; null where that is not all that the text has.
function settingsIn(text) {
    const words = wordsOf(text);
    return words.every((word) => /^[a-z0-9_-]+=/.test(word))
        ? new Map(words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]))
        : null;
}

// [{ name, from, to }], with "" for what was not there; name is "" where the texts are only texts.
export function changesOf(before, after) {
    const [from, to] = [settingsIn(before), settingsIn(after)];
    if (!from || !to) return [{ name: "", from: before, to: after }];
    const names = [...new Set([...from.keys(), ...to.keys()])];
    return names.filter((name) => from.get(name) !== to.get(name))
        .map((name) => ({ name, from: from.get(name) ?? "", to: to.get(name) ?? "" }));
}
