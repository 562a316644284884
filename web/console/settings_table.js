// settings_table.js - what holds for a domain or a member and why, for who may look only.

import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { Table } from "../lib/table.js";
import { SETTINGS, settingName, sourceName, valueName } from "./domain_words.js";

export function SettingsTable({ settings }) {
    const rows = SETTINGS.map(({ name }) => ({
        key: name,
        cells: [settingName(name), valueName(settings[name].value), sourceName(settings[name])],
    }));
    return html`<section aria-labelledby="settings">
        <h2 id="settings">${t("domain.settings")}</h2>
        <${Table} label=${t("domain.settings")} rows=${rows}
            columns=${[t("domain.setting"), t("domain.value"), t("domain.source")]} />
    </section>`;
}
