// size.js - sizes of files, as those who download them see them.

const units = ["KB", "MB", "GB", "TB"];

export function size(bytes) {
    let amount = bytes / 1024;
    let unit = 0;
    while (amount >= 1000 && unit + 1 < units.length) {
        amount /= 1024;
        unit += 1;
    }
    return `${amount.toFixed(amount < 10 ? 1 : 0)}\u00a0${units[unit]}`;
}
