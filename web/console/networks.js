// networks.js - whether an address is in a list of networks. IPv4 is kept as IPv4-mapped IPv6, as the server does.

const V4 = /^(?:::ffff:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/i;
const BITS = 128;
const V4_BITS = 32;

const groupsOf = (text) => (text === "" ? [] : text.split(":"));

// An address as a number; null: it is none.
function numberOf(text) {
    const v4 = V4.exec(text);
    if (v4) return v4.slice(1).reduce((sum, byte) => sum * 256n + BigInt(byte), 0xffffn);
    const [head, tail] = text.split("::").map(groupsOf);
    const missing = 8 - head.length - (tail?.length ?? 0);
    if (missing < 0) return null;
    const groups = [...head, ...Array(missing).fill("0"), ...(tail ?? [])];
    if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
    return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

// "192.0.2.0/24"
function covers(network, address) {
    const [text, length] = network.split("/");
    const first = numberOf(text);
    const width = text.includes(":") ? BITS : V4_BITS;
    const rest = BigInt(width - Number(length ?? width));
    return first !== null && first >> rest === address >> rest;
}

// networks is "192.0.2.0/24,2001:db8::/32".
export function isInside(text, networks) {
    const address = numberOf(text);
    return address !== null && networks.split(",").some((network) => covers(network, address));
}
