// early.js - the form that the sign-in page has before the modules are here. What is typed into it meanwhile is kept.

const inputs = () => [...document.querySelectorAll("[data-early] input")];

// Where the page begins by itself; the right form may begin elsewhere.
const isUntouched = (input) => input.autofocus && input.value === "";

// Takes it: { name, value, focused, start, end } of each field.
export function takeEarly() {
    return inputs().map((input) => ({
        name: input.name, value: input.value,
        focused: input === document.activeElement && !isUntouched(input),
        start: input.selectionStart, end: input.selectionEnd,
    }));
}

// Gives it to the form that stands there now.
export function giveEarly(taken) {
    for (const { name, value, focused, start, end } of taken) {
        const input = document.querySelector(`main [name=${name}]`);
        if (!input) continue;
        if (value) input.value = value;
        if (!focused) continue;
        input.focus();
        input.setSelectionRange(start, end);
    }
}
