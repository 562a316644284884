/* source_postfixadmin.c - a dump of Postfix Admin's database; see import.h.
 *
 * A domain that is an alias is also one of the table domain. Secrets of TOTP are base32, with
 * SHA-1, six digits and 30 seconds.
 */
#include <string.h>

#include "ctl/import/import.h"

#define DELIVERY "they are delivery, which stays with Postfix"

static int on_domain(struct import_plan *plan, const struct sql_row *row)
{
	const char *name = import_text(row, "domain");
	struct import_domain *domain;
	int ret;

	/* Where the rights of superadmins are written. */
	if (strcmp(name, "ALL") == 0)
		return 0;
	ret = import_add_domain(plan, name, import_is_true(row, "active"), &domain);
	if (ret == 0 && domain != NULL)
		domain->is_relay = import_is_true(row, "backupmx");
	return ret;
}

/* smtp_active and totp_secret are columns of newer versions. */
static int add_mailbox(struct import_plan *plan, const struct sql_row *row,
		       struct import_member *member)
{
	const struct sql_value *secret = sql_row_value(row, "totp_secret");

	if (!import_is_true(row, "active") && import_set(plan, member, "active=off") < 0)
		return -1;
	if (sql_row_value(row, "smtp_active") != NULL && !import_is_true(row, "smtp_active") &&
	    import_set(plan, member, "smtp=off") < 0)
		return -1;
	return secret == NULL || secret->len == 0
		       ? 0
		       : import_set_factor(plan, member, secret->text, secret->len);
}

static int on_mailbox(struct import_plan *plan, const struct sql_row *row)
{
	struct import_member *member;

	if (*import_text(row, "password") != '\0' &&
	    import_leave(plan, "account passwords",
			 "Postlatch has none: your passdb goes on verifying them", NULL) < 0)
		return -1;
	if (import_add_member(plan, import_text(row, "username"), &member) < 0)
		return -1;
	return member == NULL ? 0 : add_mailbox(plan, row, member);
}

static int on_alias_domain(struct import_plan *plan, const struct sql_row *row)
{
	return import_add_alias_domain(plan, import_text(row, "alias_domain"),
				       import_text(row, "target_domain"),
				       import_is_true(row, "active"));
}

static int on_alias(struct import_plan *plan, const struct sql_row *row)
{
	return import_leave_alias(plan, import_text(row, "address"), import_text(row, "goto"));
}

/* An exception may be for everybody. */
static int on_exception(struct import_plan *plan, const struct sql_row *row)
{
	const char *username = import_text(row, "username");
	char name[512];

	snprintf(name, sizeof(name), "%s from %s", *username != '\0' ? username : "everybody",
		 import_text(row, "ip"));
	return import_leave(plan, "addresses without a second factor",
			    "Postlatch does not leave the factor out by address; a member can "
			    "trust a "
			    "browser instead",
			    name);
}

static const struct import_table tables[] = {
	{ "domain", 1, 1, { "domain", "active", "backupmx" }, on_domain, NULL, NULL, NULL },
	{ "mailbox", 1, 1, { "username", "active" }, on_mailbox, NULL, NULL, NULL },
	{ "alias_domain",
	  2,
	  0,
	  { "alias_domain", "target_domain", "active" },
	  on_alias_domain,
	  NULL,
	  NULL,
	  NULL },
	{ "alias", 2, 1, { "address", "goto" }, on_alias, NULL, NULL, NULL },
	{ "totp_exception_address", 2, 0, { "ip", "username" }, on_exception, NULL, NULL, NULL },
	{ "mailbox_app_password",
	  2,
	  0,
	  { "username" },
	  NULL,
	  "app passwords",
	  "Postfix Admin has only hashes of them: members make new ones on their account pages",
	  "username" },
	{ "vacation", 2, 0, { "email" }, NULL, "vacation messages", DELIVERY, "email" },
	{ "fetchmail", 2, 0, { "mailbox" }, NULL, "fetchmail jobs", DELIVERY, "mailbox" },
	{ "admin",
	  2,
	  0,
	  { "username" },
	  NULL,
	  "administrators",
	  "what they may do is different here: make members administrators with `postlatch admin "
	  "add`",
	  "username" },
	{ NULL, 0, 0, { NULL }, NULL, NULL, NULL, NULL }
};

int import_postfixadmin(struct import_plan *plan, const char *text, size_t len)
{
	return import_tables(plan, "Postfix Admin", tables, text, len);
}
