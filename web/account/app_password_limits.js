// app_password_limits.js - what an app password may do: services, networks, expiry, as fields and in words.

import { Field, Tick } from "../lib/fields.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { serviceName } from "./services.js";

const boxOf = (service) => `service-${service}`;

// The services whose boxes are ticked; null where there are no boxes.
function ticked(typed, services) {
    if (!services.some((service) => boxOf(service) in typed)) return null;
    return services.filter((service) => typed[boxOf(service)]);
}

// A sentence against what was ticked, or null.
export function wrongServices(typed, services) {
    return ticked(typed, services)?.length === 0 ? t("error.bad-services") : null;
}

// The moment at which a day is over here, in seconds.
function endOf(day) {
    return Math.floor(new Date(`${day}T24:00:00`).getTime() / 1000);
}

// The last day of a moment at which something ends, as a date field has it.
export function lastDay(seconds) {
    const day = new Date((seconds - 1) * 1000);
    const two = (number) => String(number).padStart(2, "0");
    return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

// What was typed into the fields below, as the portal takes it; what is empty is left out.
export function limitsOf(typed, services) {
    return {
        services: ticked(typed, services)?.join(",") || undefined,
        networks: typed.networks?.trim() || undefined,
        expires_at: typed.expires_at ? endOf(typed.expires_at) : undefined,
    };
}

export function Services({ services }) {
    return html`<fieldset>
        <legend>${t("app-passwords.services")}</legend>
        ${services.map((service) => html`<${Tick} key=${service} name=${boxOf(service)} label=${serviceName(service)}
            defaultChecked />`)}
    </fieldset>`;
}

export function Networks({ value }) {
    return html`<${Field} name="networks" label=${t("app-passwords.networks")} hint=${t("app-passwords.networks-hint")}
        optional defaultValue=${value} autocapitalize="none" autocomplete="off" spellcheck=${false} maxlength="512" />`;
}

export function Expiry({ value }) {
    return html`<${Field} name="expires_at" label=${t("app-passwords.expiry")} hint=${t("app-passwords.expiry-hint")}
        type="date" optional defaultValue=${value} max=${value} />`;
}
