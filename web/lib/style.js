// style.js - style sheets of one part of the pages, loaded with its modules.

export function loadStyle(name) {
    return new Promise((resolve, reject) => {
        const link = document.createElement("link");
        link.rel = "stylesheet";
        link.href = new URL(`../css/${name}.css`, import.meta.url).href;
        link.onload = resolve;
        link.onerror = reject;
        document.head.append(link);
    });
}
