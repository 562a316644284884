// page_checks.mjs - functions that run inside the page and return a list of complaints.

// Text against the colour behind it: WCAG 2.2 1.4.3, without its exception for large text.
export function contrasts() {
    const parse = (colour) => {
        const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
        return { r, g, b, a };
    };
    const mix = (top, below, c) => top[c] * top.a + below[c] * (1 - top.a);
    const over = (top, below) => ({ r: mix(top, below, "r"), g: mix(top, below, "g"), b: mix(top, below, "b") });
    const behind = (node) => {
        if (!node) return { r: 255, g: 255, b: 255 };
        const colour = parse(getComputedStyle(node).backgroundColor);
        return colour.a === 1 ? colour : over(colour, behind(node.parentElement));
    };
    const luminance = ({ r, g, b }) => [r, g, b]
        .map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ratio = (a, b) => {
        const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y);
        return (bright + 0.05) / (dark + 0.05);
    };
    const complaints = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let texts = 0;
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || !node.checkVisibility()) continue;
        texts += 1;
        const ground = behind(node);
        const found = ratio(over(parse(getComputedStyle(node).color), ground), ground);
        if (found < 4.5) complaints.push(`${found.toFixed(2)} ${walker.currentNode.textContent}`);
    }
    if (texts < 5) complaints.push(`only ${texts} texts seen`);
    return complaints;
}

// What axe finds, by all of its rules or by those given. It must have been evaluated in the page before.
export async function violations(rules) {
    const found = await window.axe.run(rules ? { runOnly: rules } : {});
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

// Every field that can be seen has such a label, every button and table a name; ids are not used twice.
export function names() {
    const complaints = [];
    for (const input of document.querySelectorAll("input, select, textarea")) {
        if (!input.checkVisibility()) continue;
        const label = input.labels[0];
        const labelled = label?.textContent.trim() && label.checkVisibility();
        if (!labelled) complaints.push(`no label: ${input.outerHTML}`);
        if (input.placeholder) complaints.push(`placeholder: ${input.outerHTML}`);
        for (const attribute of ["aria-describedby", "aria-errormessage"]) {
            const named = input.getAttribute(attribute)?.split(" ") ?? [];
            const lost = named.some((id) => !document.getElementById(id));
            if (lost) complaints.push(`${attribute} leads nowhere: ${input.outerHTML}`);
        }
    }
    for (const button of document.querySelectorAll("button, a")) {
        const plain = (text) => text.replace(/[\u200c\u200d]/g, "").trim(); // see markedMessages()
        const shown = plain(button.textContent);
        const name = plain(button.getAttribute("aria-label") ?? shown);
        if (!name.trim()) complaints.push(`no name: ${button.outerHTML}`);
        if (!name.toLowerCase().includes(shown.toLowerCase())) complaints.push(`named other: ${button.outerHTML}`);
        const { width, height } = button.getBoundingClientRect();
        const isShown = button.localName === "button" && button.checkVisibility();
        const small = isShown && (width < 24 || height < 24);
        if (small) complaints.push(`small: ${button.outerHTML}`);
    }
    for (const table of document.querySelectorAll("table, section, dialog")) {
        const label = document.getElementById(table.getAttribute("aria-labelledby"));
        const named = table.getAttribute("aria-label") || label || table.caption;
        if (!named) complaints.push(`no name: ${table.localName}`);
    }
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    if (new Set(ids).size !== ids.length) complaints.push(`an id twice: ${ids}`);
    return complaints;
}

// name: of the portal.
export function structure({ language, name = "Postlatch" }) {
    const complaints = [];
    const headings = document.querySelectorAll("h1");
    if (headings.length !== 1) complaints.push(`${headings.length} h1`);
    const { documentElement: { lang }, title } = document;
    if (lang !== language) complaints.push(`lang is ${lang}`);
    if (title !== `${headings[0]?.textContent} - ${name}`) complaints.push(`title is ${title}`);
    for (const place of ["header", "main", "footer"]) {
        if (document.querySelectorAll(place).length !== 1) complaints.push(`not one ${place}`);
    }
    if (document.activeElement === document.body) complaints.push("the focus is nowhere");
    const inline = document.querySelector("[style], style, script:not([src], [type='application/json'])");
    if (inline) complaints.push("inline style or script");
    return complaints;
}

export function widths() {
    const { scrollWidth, clientWidth } = document.documentElement;
    const complaints = scrollWidth > clientWidth ? [`${scrollWidth} in ${clientWidth}`] : [];
    for (const node of document.querySelectorAll("main *, dialog *, header *")) {
        if (!node.checkVisibility() || node.closest("thead")) continue;
        const { right, left, width } = node.getBoundingClientRect();
        const outside = width && (right > clientWidth + 1 || left < -1);
        if (outside) complaints.push(`outside: ${node.outerHTML.slice(0, 90)}`);
        const cut = node.localName === "button" && node.scrollWidth > node.clientWidth;
        if (cut) complaints.push(`cut: ${node.textContent}`);
    }
    return complaints;
}

// The catalogue with every sentence between two characters that cannot be seen (U+200C and U+200D).
export async function markedMessages(route) {
    const answer = await route.fetch();
    const text = (await answer.text()).replace(/^(    "[a-z.-]+": ")(.*)(",)$/gm, "$1\\u200c$2\\u200d$3");
    await route.fulfill({ response: answer, body: text });
}

// What is shown or read out and stands outside of the marks, apart from the server's data.
export function unmarkedText() {
    const DATA = "noscript, time, code, header strong, header span, footer nav, [data-who], [data-ip], td b, svg, "
        + "[data-consent], main:has(> [data-consent]) h1, section:has([data-consent]) h2";
    const strip = (text) => {
        const less = text.replace(/\u200c[^\u200c\u200d]*\u200d/g, "");
        return less === text ? text : strip(less);
    };
    const complaints = [];
    const check = (text) => {
        const rest = strip(text).trim();
        if (/\p{L}{2,}/u.test(rest)) complaints.push(rest);
    };
    const body = document.body.cloneNode(true);
    for (const node of body.querySelectorAll(DATA)) node.remove();
    for (const node of body.querySelectorAll("dd")) if (/\d|@/.test(strip(node.textContent))) node.remove();
    check(body.textContent);
    for (const name of ["aria-label", "title", "placeholder", "alt"]) {
        for (const node of document.querySelectorAll(`[${name}]`)) check(node.getAttribute(name));
    }
    if (!document.body.textContent.includes("\u200c")) complaints.push("nothing is marked");
    return complaints;
}
