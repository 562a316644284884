// qr.js - brings a drawing that came as text into the page, shape by shape: only what
// a QR code needs is taken over, so that no markup can come in with it.

import { svg } from "./dom.js";

const SHAPES = ["svg", "g", "path", "rect"];
const ATTRIBUTES = ["viewBox", "d", "x", "y", "width", "height", "transform", "fill", "shape-rendering"];
const HARMLESS = /^[-#\w\s.,()%]*$/;

function copy(node) {
    const attributes = {};
    for (const { name, value } of node.attributes) {
        const simple = name === "transform" || !value.includes("(");
        if (ATTRIBUTES.includes(name) && HARMLESS.test(value) && simple) attributes[name] = value;
    }
    const shapes = [...node.children].filter((child) => SHAPES.includes(child.localName));
    return svg(node.localName, attributes, shapes.map(copy));
}

export function qrCode(text, label) {
    const drawing = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    if (drawing.localName !== "svg") return null;
    const code = copy(drawing);
    code.setAttribute("role", "img");
    code.setAttribute("aria-label", label);
    return code;
}
