/* source_mailcow.c - a dump of mailcow's database; see import.h.
 *
 * The switches of a mailbox are in its column attributes, as JSON. Secrets of TOTP are base32, with
 * SHA-1, six digits and 30 seconds.
 */
#include <string.h>

#include "ctl/import/import.h"

#define DELIVERY "they are delivery, which stays with Postfix and Dovecot"
#define ADMINISTRATORS                                                                           \
	"mailcow's administrators have no mailbox: make members administrators with `postlatch " \
	"admin add`"

static int on_domain(struct import_plan *plan, const struct sql_row *row)
{
	struct import_domain *domain;
	int ret = import_add_domain(plan, import_text(row, "domain"), import_is_true(row, "active"),
				    &domain);

	if (ret == 0 && domain != NULL)
		domain->is_relay = import_is_true(row, "backupmx");
	return ret;
}

/* Whether an attribute is there and says so. */
static int attribute_is(const json_t *attributes, const char *name, int value)
{
	const json_t *attribute = json_object_get(attributes, name);

	if (json_is_string(attribute))
		return (strcmp(json_string_value(attribute), "0") != 0) == value &&
		       *json_string_value(attribute) != '\0';
	if (json_is_boolean(attribute))
		return json_is_true(attribute) == value;
	return json_is_integer(attribute) && (json_integer_value(attribute) != 0) == value;
}

/* What Postlatch has no switch for. */
static int leave_switches(struct import_plan *plan, const json_t *attributes, const char *name)
{
	static const char *const closed[] = { "eas_access", "dav_access" };
	static const char *const enforced[] = { "tls_enforce_in", "tls_enforce_out" };

	for (size_t i = 0; i < 2; i++) {
		if (attribute_is(attributes, closed[i], 0) &&
		    import_leave(plan, "switches of ActiveSync and DAV",
				 "Postlatch has no such services", name) < 0)
			return -1;
		if (attribute_is(attributes, enforced[i], 1) &&
		    import_leave(plan, "switches that enforce TLS",
				 "TLS is enforced by Postfix, with smtp_tls_policy_maps and "
				 "smtpd_tls_security_level",
				 name) < 0)
			return -1;
	}
	return 0;
}

static int set_switches(struct import_plan *plan, struct import_member *member,
			const json_t *attributes)
{
	static const struct {
		const char *attribute;
		int value;
		const char *word;
	} switches[] = {
		{ "imap_access", 0, "imap=off" },
		{ "pop3_access", 0, "pop3=off" },
		{ "smtp_access", 0, "smtp=off" },
		{ "sieve_access", 0, "sieve=off" },
		{ "sogo_access", 0, "webmail=off" },
		{ "force_tfa", 1, "two_factor_requirement=required" },
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (attribute_is(attributes, switches[i].attribute, switches[i].value) &&
		    import_set(plan, member, switches[i].word) < 0)
			return -1;
	}
	return 0;
}

/* active: 1 on, 0 off, 2 takes mail but nobody may sign in */
static int add_mailbox(struct import_plan *plan, const struct sql_row *row, const char *username)
{
	const char *text = import_text(row, "attributes");
	json_t *attributes = json_loads(*text != '\0' ? text : "{}", 0, NULL);
	struct import_member *member;
	int ret = import_add_member(plan, username, &member);

	if (ret == 0 && member != NULL) {
		if (strcmp(import_text(row, "active"), "1") != 0)
			ret = import_set(plan, member, "active=off");
		if (ret == 0 && !json_is_object(attributes))
			ret = import_leave(plan, "switches", "the column attributes is not JSON",
					   username);
		else if (ret == 0 && (set_switches(plan, member, attributes) < 0 ||
				      leave_switches(plan, attributes, username) < 0))
			ret = -1;
	}
	json_decref(attributes);
	return ret;
}

static int on_mailbox(struct import_plan *plan, const struct sql_row *row)
{
	/* As mailcow itself tells them from mailboxes. */
	static const char *const resources[] = { "location", "thing", "group" };
	const char *username = import_text(row, "username");

	for (size_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
		if (strcasestr(import_text(row, "kind"), resources[i]) != NULL)
			return import_leave(plan, "resources", "nobody signs in to them", username);
	}
	if (import_leave_password(plan, row) < 0)
		return -1;
	return add_mailbox(plan, row, username);
}

/* Other methods, and what was not switched on. */
static int leave_factor(struct import_plan *plan, const char *method, const char *name)
{
	if (strcmp(method, "totp") == 0)
		return import_leave(plan, "second factors", "they are not switched on", name);
	if (strcmp(method, "yubi_otp") == 0)
		return import_leave(plan, "Yubico OTP keys",
				    "their codes are verified by a service of Yubico, which "
				    "Postlatch "
				    "does not ask",
				    name);
	if (strcmp(method, "hotp") == 0)
		return import_leave(plan, "counter-based authenticators",
				    "Postlatch takes time-based codes (RFC 6238) only", name);
	return import_leave(plan, "security keys",
			    "U2F and WebAuthn keys are bound to the name of mailcow's web server, "
			    "and "
			    "Postlatch has none of them",
			    name);
}

static int on_tfa(struct import_plan *plan, const struct sql_row *row)
{
	const char *method = import_text(row, "authmech");
	const char *username = import_text(row, "username");
	const struct sql_value *secret = sql_row_value(row, "secret");
	struct import_member *member = import_find_member(plan, username);

	/* Administrators' names are no addresses. */
	if (member == NULL && strchr(username, '@') != NULL)
		return import_leave(plan, "second factors without a member",
				    "their mailbox is a resource, or is left out as well",
				    username);
	if (member == NULL)
		return import_leave(plan, "second factors of administrators", ADMINISTRATORS,
				    username);
	if (strcmp(method, "totp") != 0 || !import_is_true(row, "active") || secret->text == NULL)
		return leave_factor(plan, method, username);
	return import_set_factor(plan, member, secret->text, secret->len);
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
	  .columns = { "username", "active", "attributes" },
	  .row = on_mailbox },
	{ .name = "tfa",
	  .pass = 2,
	  .is_needed = 1,
	  .columns = { "username", "authmech", "secret", "active" },
	  .row = on_tfa },
	IMPORT_ALIAS_DOMAIN_TABLE(1),
	IMPORT_ALIAS_TABLE,
	IMPORT_LEFT_TABLE("app_passwd", "mailbox", "app passwords",
			  "mailcow has only hashes of them: members make new ones on their account "
			  "pages"),
	IMPORT_LEFT_TABLE("fido2", "username", "passkeys",
			  "they are bound to the name of mailcow's web server"),
	IMPORT_LEFT_TABLE("spamalias", "address", "temporary addresses", DELIVERY),
	IMPORT_LEFT_TABLE("sieve_filters", "username", "Sieve filters", DELIVERY),
	IMPORT_LEFT_TABLE("admin", "username", "administrators", ADMINISTRATORS),
	IMPORT_OTHER_TABLE("mailbox_app_password", "postfixadmin"),
	IMPORT_OTHER_TABLE("totp_exception_address", "postfixadmin"),
	IMPORT_OTHER_TABLE("vacation", "postfixadmin"),
	IMPORT_OTHER_TABLE("vacation_notification", "postfixadmin"),
	{ .name = NULL },
};

int import_mailcow(struct import_plan *plan, const char *text, size_t len)
{
	return import_tables(plan, "mailcow", tables, text, len);
}
