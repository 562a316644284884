// pages.js - the pages of the console: a row has its address, the key of its title, that of a shorter one for the
// navigation if there is one, the component that draws it below the title, and the least role that may see it. Rows
// that belong to another page are not in the navigation, which shows that page (within) as the present one. What a
// page is about, and what a list shows, is in the query of its address.

import { Administrators } from "./administrators.js";
import { ApiKeys } from "./api_keys.js";
import { Domain } from "./domain.js";
import { Domains } from "./domains.js";
import { Forwards } from "./forwards.js";
import { ImportPage } from "./import.js";
import { Job } from "./job.js";
import { Jobs } from "./jobs.js";
import { Member } from "./member.js";
import { Members } from "./members.js";
import { Audit } from "./audit.js";
import { Overview } from "./overview.js";

export const pages = [
    { path: "/console", title: "overview.title", component: Overview, least: "helpdesk" },
    { path: "/console/domains", title: "domains.title", component: Domains, least: "helpdesk" },
    {
        path: "/console/domain", title: "domain.title", component: Domain, least: "helpdesk",
        within: "/console/domains",
    },
    { path: "/console/members", title: "members.title", component: Members, least: "helpdesk" },
    {
        path: "/console/member", title: "member.title", component: Member, least: "helpdesk",
        within: "/console/members",
    },
    {
        path: "/console/import", title: "import.title", component: ImportPage, least: "domain",
        within: "/console/members",
    },
    { path: "/console/forwards", title: "forwards.title", component: Forwards, least: "helpdesk" },
    { path: "/console/jobs", title: "jobs.title", component: Jobs, least: "helpdesk" },
    { path: "/console/job", title: "job.title", component: Job, least: "helpdesk", within: "/console/jobs" },
    { path: "/console/administrators", title: "administrators.title", component: Administrators, least: "server" },
    { path: "/console/api-keys", title: "api-keys.title", component: ApiKeys, least: "server" },
    { path: "/console/audit", title: "audit.title", component: Audit, least: "helpdesk" },
];
