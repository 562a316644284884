// dom.js - makes elements. Text goes in as text nodes only: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

function give(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
        else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
}

// h("p", { id: "x", onclick: f }, "text", node, [more]): attributes that are null,
// undefined or false are left out, as are such children.
export function h(tag, attributes, ...children) {
    return give(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
    return give(document.createElementNS(SVG, tag), attributes, children);
}

let count = 0;

// An id that no other element has.
export function newId(word) {
    count += 1;
    return `${word}-${count}`;
}

// What is typed and ticked below root, by name; and the way back.
export function typedIn(root) {
    const typed = {};
    for (const input of root.querySelectorAll("input[name]")) {
        if (input.type !== "radio") typed[input.name] = input.type === "checkbox" ? input.checked : input.value;
        else if (input.checked) typed[input.name] = input.value;
    }
    return typed;
}

export function typeIn(root, typed) {
    for (const input of root.querySelectorAll("input[name]")) {
        if (!(input.name in typed)) continue;
        if (input.type === "checkbox") input.checked = typed[input.name];
        else if (input.type === "radio") input.checked = input.value === typed[input.name];
        else input.value = typed[input.name];
    }
}
