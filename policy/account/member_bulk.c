/* member_bulk.c - see member_bulk.h. */
#include "policy/account/member_bulk.h"

#include <stdlib.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/member_state.h"
#include "policy/account/settings_row.h"

#define NAMES 10000 /* of the domain, that are read at once */
#define MOST 5000   /* members that are added at once, so that no statement takes long */

/* -- who is there -- */

static int compare_names(const void *a_p, const void *b_p)
{
	const struct pl_new_member *a = a_p, *b = b_p;

	return strcmp(a->address->local, b->address->local);
}

static void mark(struct pl_new_member *members, size_t count, const struct pl_address *name)
{
	const struct pl_new_member key = { .address = name };
	struct pl_new_member *found =
		bsearch(&key, members, count, sizeof(*members), compare_names);

	if (found != NULL)
		found->is_there = 1;
}

/* Marks those that the domain has. */
static int find(const struct pl_work *work, int64_t domain_id, struct pl_new_member *members,
		size_t count)
{
	struct pl_address name = { .local = "" };
	int ret, read = NAMES;

	while (read == NAMES) {
		/* The name that is read next must not take the place of the parameter. */
		const struct pl_address after = name;
		struct pl_stmt *stmt = pl_query(work->store, PL_SQL_MEMBER_LOCALS,
						PL_PARAMS(PL_INT("domain_id", domain_id),
							  PL_TEXT("after", after.local),
							  PL_INT("portion", NAMES)));

		for (read = 0; (ret = pl_step(stmt, work->err)) == 1; read++) {
			pl_col_copy(stmt, "local", name.local, sizeof(name.local));
			mark(members, count, &name);
		}
		if (ret < 0)
			return -1;
	}
	return 0;
}

/* -- adding -- */

/* Those that are being added: first their rows, then their records. */
struct adding {
	const struct pl_work *work;
	int64_t domain_id;
	const struct pl_new_member *next, *end;
	char settings[PL_SETTINGS_TEXT], address[PL_ADDRESS_MAX + 1];
	char was[PL_AUDIT_TEXT], is[PL_AUDIT_TEXT];
	struct pl_param params[11];
};

/* 1 and what the next becomes, or 0. */
static int next_member(struct adding *adding, struct pl_member *member_r)
{
	while (adding->next != adding->end && adding->next->is_there)
		adding->next++;
	if (adding->next == adding->end)
		return 0;
	*member_r = (struct pl_member){ .address = *adding->next->address, .active = 1 };
	pl_member_apply(adding->next->change, member_r);
	adding->next++;
	return 1;
}

static int next_row(void *context, const struct pl_param **params_r, struct pl_error *err)
{
	struct adding *adding = context;
	const char *local = adding->address;
	struct pl_member_state state;
	struct pl_member member;

	(void)err;
	if (!next_member(adding, &member))
		return 0;
	state = pl_member_state_of(&member.settings);
	memcpy(adding->address, member.address.local, sizeof(member.address.local));
	memcpy(adding->was, member.class_name, sizeof(member.class_name));
	memcpy(adding->params,
	       PL_PARAMS(PL_INT("domain_id", adding->domain_id), PL_TEXT("local", local),
			 PL_INT("active", member.active), PL_TEXT("class", adding->was),
			 PL_INT("created_at", adding->work->now),
			 PL_TEXT("settings",
				 pl_settings_format(&member.settings, adding->settings)),
			 PL_INT("state", state.now), PL_INT("dated_state", state.dated),
			 PL_ID("dated_from", state.from),
			 PL_ID("required_from", state.required_from)),
	       sizeof(adding->params));
	*params_r = adding->params;
	return 1;
}

static int next_record(void *context, struct pl_audit_text *record_r, struct pl_error *err)
{
	static const struct pl_member nobody = { .active = 1 };
	struct adding *adding = context;
	struct pl_member member;

	(void)err;
	if (!next_member(adding, &member))
		return 0;
	pl_member_describe(&nobody, &member, adding->was, adding->is);
	*record_r = (struct pl_audit_text){ pl_address_format(&member.address, adding->address), "",
					    adding->is };
	return 1;
}

static int add(const struct pl_member_bulk *bulk, int64_t domain_id,
	       const struct pl_new_member *members, size_t count)
{
	const struct pl_work *work = bulk->work;
	struct adding adding = {
		.work = work, .domain_id = domain_id, .next = members, .end = members + count
	};

	if (pl_insert_many(work->store, PL_SQL_MEMBER_INSERT_MANY, next_row, &adding, work->err) <
	    0)
		return -1;
	adding.next = members;
	if (pl_audit_add_many(work, "member.add", next_record, &adding) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!members[i].is_there)
			bulk->added(&members[i], bulk->context);
	}
	return 0;
}

static int each(const struct pl_member_bulk *bulk, const struct pl_new_member *members,
		size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bulk->one(&members[i], bulk->context) < 0)
			return -1;
	}
	return 0;
}

/* Those that are there, and those whose changes are refused, with the words of the caller. */
static int each_special(const struct pl_member_bulk *bulk, const char *domain,
			const struct pl_new_member *members, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if ((members[i].is_there ||
		     pl_change_check(members[i].change, bulk->policy, domain, NULL) < 0) &&
		    bulk->one(&members[i], bulk->context) < 0)
			return -1;
	}
	return 0;
}

static int add_portions(const struct pl_member_bulk *bulk, int64_t domain_id,
			const struct pl_new_member *members, size_t count)
{
	for (size_t i = 0; i < count; i += MOST) {
		const size_t part = count - i < MOST ? count - i : MOST;

		if (add(bulk, domain_id, members + i, part) < 0)
			return -1;
	}
	return 0;
}

/* The members of one domain. The first shows what holds for the domain. */
static int run_domain(const struct pl_member_bulk *bulk, struct pl_new_member *members,
		      size_t count)
{
	const struct pl_work *work = bulk->work;
	const char *domain = members->address->domain;
	struct pl_account account;

	if (bulk->begin_domain != NULL && bulk->begin_domain(members, bulk->context) < 0)
		return -1;
	if (count < PL_MEMBER_BULK_LEAST)
		return each(bulk, members, count);
	if (bulk->one(members, bulk->context) < 0 ||
	    pl_account_get(work->store, members->address, &account, work->err) < 0)
		return -1;
	members++;
	count--;
	/* The caller may have left the first one out, and those in an alias belong elsewhere. */
	if (account.member.id == 0 || strcmp(account.domain.name, domain) != 0)
		return each(bulk, members, count);
	return find(work, account.domain.id, members, count) < 0 ||
			       each_special(bulk, domain, members, count) < 0 ||
			       add_portions(bulk, account.domain.id, members, count) < 0
		       ? -1
		       : 0;
}

static int compare(const void *a_p, const void *b_p)
{
	const struct pl_new_member *a = a_p, *b = b_p;
	const int ret = strcmp(a->address->domain, b->address->domain);

	return ret != 0 ? ret : compare_names(a, b);
}

int pl_member_bulk_run(const struct pl_member_bulk *bulk, struct pl_new_member *members,
		       size_t count)
{
	size_t first = 0, next;

	if (count >= PL_MEMBER_BULK_LEAST)
		qsort(members, count, sizeof(*members), compare);
	for (; first < count; first = next) {
		const char *domain = members[first].address->domain;

		for (next = first + 1;
		     next < count && strcmp(members[next].address->domain, domain) == 0;)
			next++;
		if (run_domain(bulk, members + first, next - first) < 0)
			return -1;
	}
	return 0;
}
