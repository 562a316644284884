/* import_preview.c - what an import would do; see import.h. */
#include "policy/admin/import.h"

#include <stdio.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/outcome.h"
#include "policy/admin/import_rows.h"

#define USES 32 /* ways in which one member may have signed in */

struct preview {
	const struct pl_work *work;
	const struct pl_policy *policy;
	const struct pl_administrator *administrator;
	pl_import_fault *fault;
	void *context;
	struct pl_import_preview *result;
};

/* ---- faults ---- */

static void tell(const struct preview *preview, const struct pl_import_line *line,
		 const struct pl_import_place *place)
{
	struct pl_csv_fault fault = { .line = line->line, .code = place->reason };
	struct pl_error why = { 0 };

	pl_address_format(&line->address, fault.word);
	snprintf(fault.other, sizeof(fault.other), "%.60s", place->account.domain.name);
	if (strcmp(place->reason, "alias") == 0) {
		snprintf(fault.text, sizeof(fault.text),
			 "%.100s is in an alias of the domain %.100s, in which the member is",
			 line->address.domain, place->account.domain.name);
	} else if (strcmp(place->reason, "forbidden") == 0) {
		pl_change_check(&line->change, preview->policy, line->address.domain, &why);
		snprintf(fault.text, sizeof(fault.text), "%s", why.msg);
	} else {
		snprintf(fault.text, sizeof(fault.text),
			 "there is no domain %.200s among yours: add it first",
			 line->address.domain);
	}
	if (preview->fault != NULL)
		preview->fault(&fault, preview->context);
}

/* ---- outcomes ---- */

struct uses {
	struct pl_recent_use use[USES];
	size_t count;
	int64_t since;
};

static int keep_use(const struct pl_last_use *use, void *context)
{
	struct uses *uses = context;

	struct pl_recent_use recent = { .service = use->service, .credential = use->credential };

	if (pl_ip_parse(use->ip, &recent.ip, NULL) < 0)
		memset(&recent.ip, 0, sizeof(recent.ip));
	if (use->at >= uses->since && uses->count < USES)
		uses->use[uses->count++] = recent;
	return 0;
}

/* before has id 0 where the member would be added; it has used nothing then. */
static int count_outcome(const struct preview *preview, const struct pl_account *before,
			 const struct pl_account *after, int32_t day)
{
	struct uses uses = { .since = pl_outcome_used_from(preview->work->now) * PL_DAY_SECONDS };
	struct pl_outcome_side was, will_be;
	int password;

	if (before->member.id != 0 && pl_last_use_list(preview->work->store, before->member.id,
						       keep_use, &uses, preview->work->err) < 0)
		return -1;
	pl_outcome_side_begin(&was, before, preview->policy, day);
	pl_outcome_side_begin(&will_be, after, preview->policy, day);
	if (pl_outcome_lost(&was, &will_be, uses.use, uses.count, &password) != 0 || password)
		preview->result->lose_service++;
	preview->result->must_register += pl_outcome_must_register(&was, &will_be);
	return 0;
}

static int count_member(const struct preview *preview, const struct pl_import_line *line,
			const struct pl_account *before)
{
	struct pl_account after = *before;
	char was[PL_AUDIT_TEXT], is[PL_AUDIT_TEXT];

	pl_member_apply(&line->change, &after.member);
	pl_member_describe(&before->member, &after.member, was, is);
	if (before->member.id == 0) {
		after.member.id = 1;
		after.member.created_at = preview->work->now;
		preview->result->added++;
	} else if (was[0] == '\0' && is[0] == '\0') {
		preview->result->same++;
		return 0;
	} else {
		preview->result->changed++;
	}
	return count_outcome(preview, before, &after,
			     pl_outcome_day(&line->change, preview->work->now));
}

/* ---- lines ---- */

static int count_line(const struct preview *preview, const struct pl_import_line *line,
		      struct pl_import_domains *domains)
{
	struct pl_import_place place;

	if (pl_import_find(preview->work, preview->policy, preview->administrator, line, domains,
			   &place) < 0)
		return -1;
	preview->result->members++;
	if (place.reason == NULL)
		return count_member(preview, line, &place.account);
	if (!place.is_skipped) {
		preview->result->wrong++;
		tell(preview, line, &place);
	} else if (strcmp(place.reason, "own-account") == 0) {
		preview->result->own_account++;
	} else {
		preview->result->administrators++;
	}
	return 0;
}

int pl_import_preview(const struct pl_work *work, const struct pl_policy *policy,
		      const struct pl_administrator *administrator, const struct pl_import *import,
		      pl_import_fault *fault, void *context, struct pl_import_preview *preview_r)
{
	const struct preview preview = { work, policy, administrator, fault, context, preview_r };
	struct pl_import_domains domains = { .id = 0 };
	struct pl_import_line line;

	memset(preview_r, 0, sizeof(*preview_r));
	for (size_t i = 0; i < import->count; i++) {
		const char *text = import->parts[i].lines;
		int ret;

		while ((ret = pl_import_line_read(&text, &line, work->err)) == 1) {
			if (count_line(&preview, &line, &domains) < 0)
				return -1;
		}
		if (ret < 0)
			return -1;
	}
	return 0;
}
