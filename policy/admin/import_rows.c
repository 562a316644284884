/* import_rows.c - see import_rows.h. */
#include "policy/admin/import_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/settings_row.h"
#include "policy/admin/job_row.h"

#define LINE_MAX_BYTES (PL_ADDRESS_MAX + PL_AUDIT_TEXT + 32)

/* ---- lines ---- */

void pl_import_line_write(FILE *out, int line, const struct pl_address *address,
			  const struct pl_change *change)
{
	char words[PL_AUDIT_TEXT] = "", value[PL_VALUE_TEXT], text[PL_ADDRESS_MAX + 1];

	if (change->has_active)
		pl_record_word(words, sizeof(words), "active", change->active ? "on" : "off");
	if (change->has_class)
		pl_record_word(words, sizeof(words), "class", change->class_name);
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		if ((change->settings & 1u << i) != 0)
			pl_record_word(words, sizeof(words),
				       pl_setting_info((enum pl_setting)i)->name,
				       pl_setting_write((enum pl_setting)i, &change->value, value));
	}
	fprintf(out, "%d\t%s\t%s\n", line, pl_address_format(address, text), words);
}

static int parse_line(char *text, struct pl_import_line *line_r, struct pl_error *err)
{
	char *address = strchr(text, '\t');
	char *words = address == NULL ? NULL : strchr(address + 1, '\t');

	if (words == NULL)
		return -1;
	*address++ = '\0';
	*words++ = '\0';
	line_r->line = (int)strtol(text, NULL, 10);
	return pl_address_parse(address, strlen(address), NULL, &line_r->address, err) < 0
		       ? -1
		       : pl_job_parse_change(words, &line_r->change, err);
}

int pl_import_line_read(const char **text, struct pl_import_line *line_r, struct pl_error *err)
{
	const char *end = strchr(*text, '\n');
	char line[LINE_MAX_BYTES];

	if (**text == '\0')
		return 0;
	if (end == NULL || (size_t)(end - *text) >= sizeof(line))
		return pl_error_set(err, PL_ERR_DATA, "a line of the file is not whole");
	snprintf(line, sizeof(line), "%.*s", (int)(end - *text), *text);
	*text = end + 1;
	if (parse_line(line, line_r, err) < 0)
		return pl_error_set(err, PL_ERR_DATA,
				    "this version cannot read a line of the file");
	return 1;
}

/* ---- where a member is written ---- */

/* 1, 0 or -1. */
static int is_reached(const struct pl_work *work, const struct pl_policy *policy,
		      const struct pl_administrator *administrator,
		      const struct pl_account *account, struct pl_import_domains *domains)
{
	const int64_t id = account->domain.id;

	if (!pl_domain_is_known(&account->domain, policy))
		return 0;
	if (id == 0)
		return administrator->role == PL_ADMIN_SERVER;
	if (domains->id != id) {
		domains->is_reached =
			pl_administrator_reaches(work->store, administrator, id, work->err);
		domains->id = domains->is_reached < 0 ? 0 : id;
	}
	return domains->is_reached;
}

static void leave_out(struct pl_import_place *place, const char *reason, int is_skipped)
{
	place->reason = reason;
	place->is_skipped = is_skipped;
}

/* Whose account it is, for one that is there. */
static int look_at_member(const struct pl_work *work, const struct pl_administrator *administrator,
			  const struct pl_import_line *line, struct pl_import_place *place)
{
	const int64_t id = place->account.member.id;
	struct pl_administrator other;
	int ret = 0;

	if (id != 0 && id == administrator->member_id) {
		if (pl_job_locks_out(&line->change))
			leave_out(place, "own-account", 1);
		return 0;
	}
	if (id != 0 &&
	    pl_job_spares_administrators(administrator->role, PL_JOB_CHANGE, &line->change))
		ret = pl_administrator_of_member(work->store, id, &other, work->err);
	if (ret == 1)
		leave_out(place, "administrator", 1);
	return ret < 0 ? -1 : 0;
}

int pl_import_find(const struct pl_work *work, const struct pl_policy *policy,
		   const struct pl_administrator *administrator, const struct pl_import_line *line,
		   struct pl_import_domains *domains, struct pl_import_place *place_r)
{
	int ret;

	memset(place_r, 0, sizeof(*place_r));
	if (pl_account_get(work->store, &line->address, &place_r->account, work->err) < 0)
		return -1;
	ret = is_reached(work, policy, administrator, &place_r->account, domains);
	if (ret < 0)
		return -1;
	if (ret == 0)
		leave_out(place_r, "domain", 0);
	else if (strcmp(place_r->account.domain.name, line->address.domain) != 0)
		leave_out(place_r, "alias", 0);
	else if (pl_change_check(&line->change, policy, line->address.domain, NULL) < 0)
		leave_out(place_r, "forbidden", 0);
	else
		return look_at_member(work, administrator, line, place_r);
	return 0;
}

/* ---- portions ---- */

int pl_import_rows_find(const struct pl_work *work, struct pl_job_portion *portion)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_JOB_FILE_NEXT,
					PL_PARAMS(PL_INT("job_id", portion->job.id),
						  PL_INT("position", portion->job.position)));
	int ret = pl_step(stmt, work->err);

	portion->first = portion->last = portion->job.position;
	if (ret < 0)
		return -1;
	if (ret == 0)
		return pl_error_set(work->err, PL_ERR_DATA, "its lines are not there any more");
	portion->rows = strdup(pl_col_text(stmt, "lines"));
	portion->rows_last = pl_col_int(stmt, "last_line");
	if (pl_row_end(stmt, work->err) < 0)
		return -1;
	return portion->rows == NULL ? pl_error_set(work->err, PL_ERR_RETRY, "out of memory") : 0;
}

/* What has become of a line. */
struct written {
	int64_t member_id;
	const char *outcome, *reason;
	char before[PL_AUDIT_TEXT], after[PL_AUDIT_TEXT];
};

static int record(const struct pl_work *work, const struct pl_job *job, const char *address,
		  const struct written *written)
{
	return pl_exec(work->store, PL_SQL_JOB_FILE_RESULT,
		       PL_PARAMS(PL_INT("job_id", job->id), PL_INT("member_id", written->member_id),
				 PL_TEXT("address", address), PL_TEXT("outcome", written->outcome),
				 PL_TEXT("reason", written->reason),
				 PL_TEXT("before", written->before),
				 PL_TEXT("after", written->after)),
		       work->err);
}

static int add_audit(const struct pl_work *work, const struct pl_job *job, const char *address,
		     const struct written *written)
{
	char after[PL_AUDIT_TEXT + 32];

	snprintf(after, sizeof(after), "%s%sjob=%lld", written->after,
		 written->after[0] == '\0' ? "" : " ", (long long)job->id);
	return pl_audit_add(work, "member.set", address, written->before, after);
}

/* Adds a member: what undoing finds is that there was none. */
static int add_member(const struct pl_work *work, struct pl_account *account,
		      const struct pl_change *change, struct written *written)
{
	const struct pl_member nobody = { .active = 1 };
	char was[PL_AUDIT_TEXT];

	pl_member_apply(change, &account->member);
	pl_member_describe(&nobody, &account->member, was, written->after);
	if (pl_member_ensure(work, account) < 0)
		return -1;
	written->member_id = account->member.id;
	snprintf(written->before, sizeof(written->before), "%s", PL_JOB_NO_MEMBER);
	return 0;
}

static int change_member(const struct pl_work *work, const struct pl_job *job,
			 struct pl_account *account, const struct pl_import_line *line,
			 struct written *written)
{
	const struct pl_member before = account->member;
	char address[PL_ADDRESS_MAX + 1];

	pl_member_apply(&line->change, &account->member);
	pl_member_describe(&before, &account->member, written->before, written->after);
	if (written->before[0] == '\0' && written->after[0] == '\0') {
		written->outcome = "same";
		return 0;
	}
	return pl_member_write(work->store, &account->member, work->err) < 0
		       ? -1
		       : add_audit(work, job, pl_address_format(&line->address, address), written);
}

static void count(struct pl_job_portion *portion, const struct written *written)
{
	const int is_added = strcmp(written->before, PL_JOB_NO_MEMBER) == 0;

	portion->added += is_added;
	portion->changed += strcmp(written->outcome, "changed") == 0 && !is_added;
	portion->same += strcmp(written->outcome, "same") == 0;
	portion->skipped += strcmp(written->outcome, "skipped") == 0;
	portion->failed += strcmp(written->outcome, "failed") == 0;
}

static int write_line(const struct pl_work *work, struct pl_job_portion *portion,
		      const struct pl_import_line *line, struct pl_import_place *place)
{
	struct written written = { .member_id = place->account.member.id,
				   .outcome = "changed",
				   .reason = "" };
	char address[PL_ADDRESS_MAX + 1];
	int ret = 0;

	if (place->reason != NULL) {
		written.outcome = place->is_skipped ? "skipped" : "failed";
		written.reason = place->reason;
		/* Of an address in an alias the member may be in another line as well. */
		if (!place->is_skipped)
			written.member_id = PL_JOB_LINES + line->line;
	} else if (place->account.member.id == 0) {
		ret = add_member(work, &place->account, &line->change, &written);
	} else {
		ret = change_member(work, &portion->job, &place->account, line, &written);
		portion->ids[portion->touched++] = written.member_id;
	}
	count(portion, &written);
	portion->members++;
	portion->last = line->line;
	if (ret < 0 || strcmp(written.outcome, "same") == 0)
		return ret;
	return record(work, &portion->job, pl_address_format(&line->address, address), &written);
}

/* The part has been worked off. */
static int drop_part(const struct pl_work *work, const struct pl_job_portion *portion)
{
	if (portion->last < portion->rows_last)
		return 0;
	return pl_exec(work->store, PL_SQL_JOB_FILE_DROP,
		       PL_PARAMS(PL_INT("job_id", portion->job.id), PL_INT("last", portion->last)),
		       work->err);
}

int pl_import_rows_run(const struct pl_work *work, const struct pl_job_runner *runner,
		       struct pl_job_portion *portion)
{
	struct pl_work by = *work;
	struct pl_import_domains domains = { .id = 0 };
	struct pl_import_line line;
	struct pl_import_place place;
	const char *text = portion->rows;
	int ret = 1;

	by.actor = (struct pl_actor){ .who = portion->job.who, .from = portion->job.source };
	while (portion->members < (size_t)runner->portion &&
	       (ret = pl_import_line_read(&text, &line, work->err)) == 1) {
		if (line.line <= portion->first)
			continue;
		if (pl_import_find(&by, runner->policy, &portion->administrator, &line, &domains,
				   &place) < 0 ||
		    write_line(&by, portion, &line, &place) < 0)
			return -1;
	}
	return ret < 0 ? -1 : drop_part(work, portion);
}
