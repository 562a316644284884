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

	if (import_leave_password(plan, row) < 0)
		return -1;
	if (import_add_member(plan, import_text(row, "username"), &member) < 0)
		return -1;
	return member == NULL ? 0 : add_mailbox(plan, row, member);
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
	{ .name = "domain",
	  .pass = 1,
	  .is_needed = 1,
	  .columns = { "domain", "active", "backupmx" },
	  .row = on_domain },
	{ .name = "mailbox",
	  .pass = 1,
	  .is_needed = 1,
	  .columns = { "username", "active" },
	  .row = on_mailbox },
	{ .name = "totp_exception_address",
	  .pass = 2,
	  .columns = { "ip", "username" },
	  .row = on_exception },
	IMPORT_ALIAS_DOMAIN_TABLE(0),
	IMPORT_ALIAS_TABLE,
	IMPORT_LEFT_TABLE("mailbox_app_password", "username", "app passwords",
			  "Postfix Admin has only hashes of them: members make new ones on their "
			  "account pages"),
	IMPORT_LEFT_TABLE("vacation", "email", "vacation messages", DELIVERY),
	IMPORT_LEFT_TABLE("fetchmail", "mailbox", "fetchmail jobs", DELIVERY),
	IMPORT_LEFT_TABLE("admin", "username", "administrators",
			  "what they may do is different here: make members administrators with "
			  "`postlatch admin add`"),
	IMPORT_OTHER_TABLE("tfa", "mailcow"),
	IMPORT_OTHER_TABLE("app_passwd", "mailcow"),
	{ .name = NULL },
};

int import_postfixadmin(struct import_plan *plan, const char *text, size_t len)
{
	return import_tables(plan, "Postfix Admin", tables, text, len);
}
