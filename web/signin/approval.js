// approval.js - the second step: the member approves it on a registered phone.

import { Approval } from "../lib/approval.js";
import { Page } from "../lib/frame.js";
import { html } from "../lib/html.js";
import { t } from "../lib/language.js";
import { OtherAccount } from "./other_account.js";
import { proceed } from "./progress.js";
import { Ways } from "./ways.js";
import { Whose } from "./whose.js";

export function ApprovalStep() {
    return html`<${Page} title=${t("code.title")}>
        <p>${t("approval.lead")}</p>
        <${Whose} />
        <${Approval} path="/api/sign-in/approval" trust done=${proceed} />
        <${Ways} from="/sign-in/approval" />
        <${OtherAccount} />
    <//>`;
}
