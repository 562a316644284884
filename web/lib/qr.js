// qr.js - brings a drawing that came as text into the page, shape by shape: only what
// a QR code needs is taken over, so that no markup can come in with it.

import { h } from "../vendor/preact.js";

const SHAPES = ["svg", "g", "path", "rect"];
const ATTRIBUTES = ["viewBox", "d", "x", "y", "width", "height", "transform", "fill", "shape-rendering"];
const HARMLESS = /^[-#\w\s.,()%]*$/;

function copy(node, more) {
    const attributes = {};
    for (const { name, value } of node.attributes) {
        const simple = name === "transform" || !value.includes("(");
        if (ATTRIBUTES.includes(name) && HARMLESS.test(value) && simple) attributes[name] = value;
    }
    const shapes = [...node.children].filter((child) => SHAPES.includes(child.localName));
    return h(node.localName, { ...attributes, ...more }, shapes.map((shape) => copy(shape)));
}

export function QrCode({ svg, label }) {
    const drawing = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    return drawing.localName === "svg" ? copy(drawing, { role: "img", "aria-label": label }) : null;
}
