/* contact.c - see contact.h. */
#include "policy/recovery/contact.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "policy/account/audit.h"
#include "policy/base/random.h"
#include "policy/forward/target.h"
#include "policy/recovery/contact_code.h"
#include "policy/recovery/phone.h"

static const struct {
	const char *name, *sealed_as, *code, *change, *to;
	int64_t life;
} kinds[PL_CONTACT_KINDS] = {
	[PL_CONTACT_MAIL] = { "mail", "recovery-mail", PL_CONTACT_CODE_MAIL, PL_CONTACT_CHANGE_MAIL,
			      "%-mail", PL_CONTACT_MAIL_LIFE },
	[PL_CONTACT_PHONE] = { "phone", "recovery-phone", PL_CONTACT_CODE_PHONE,
			       PL_CONTACT_CHANGE_PHONE, "%-phone", PL_CONTACT_PHONE_LIFE },
};

const char *pl_contact_kind_name(enum pl_contact_kind kind)
{
	return kinds[kind].name;
}

int pl_contact_kind_of(const char *name, enum pl_contact_kind *kind_r)
{
	for (int kind = 0; kind < PL_CONTACT_KINDS; kind++) {
		if (strcmp(kinds[kind].name, name) == 0) {
			*kind_r = (enum pl_contact_kind)kind;
			return 1;
		}
	}
	return 0;
}

#define OF_MEMBER(member_id, kind) PL_INT("member_id", member_id), PL_TEXT("kind", kinds[kind].name)

/* Which contact it was stands in no record. */
static int record(const struct pl_work *work, const char *action, const struct pl_address *address,
		  enum pl_contact_kind kind)
{
	char text[PL_ADDRESS_MAX + 1];

	return pl_audit_add(work, action, pl_address_format(address, text), "", kinds[kind].name);
}

/* -- what is stored -- */

static int seal(const struct pl_work *work, const struct pl_keys *keys, int64_t member_id,
		enum pl_contact_kind kind, const char *value, struct pl_sealed *sealed_r)
{
	struct pl_secret secret;
	int ret;

	if (keys == NULL)
		return pl_error_set(work->err, PL_ERR_RETRY,
				    "recovery contacts need the seal key (seal_key)");
	pl_secret_set(&secret, value, strlen(value));
	ret = pl_seal(keys, kinds[kind].sealed_as, member_id, &secret, sealed_r, work->err);
	pl_secret_wipe(&secret);
	return ret;
}

/* value_r is "" where nothing is sealed. */
static int unseal(const struct pl_work *work, const struct pl_keys *keys, int64_t member_id,
		  enum pl_contact_kind kind, const struct pl_sealed *sealed,
		  char value_r[PL_ADDRESS_MAX + 1])
{
	struct pl_secret secret;

	value_r[0] = '\0';
	if (sealed->len == 0)
		return 0;
	if (keys == NULL)
		return pl_error_set(work->err, PL_ERR_RETRY,
				    "recovery contacts need the seal key (seal_key)");
	if (pl_unseal(keys, kinds[kind].sealed_as, member_id, sealed, &secret, work->err) < 0)
		return pl_error_prefix(work->err, "a recovery contact");
	snprintf(value_r, PL_ADDRESS_MAX + 1, "%.*s", PL_ADDRESS_MAX, (const char *)secret.data);
	pl_secret_wipe(&secret);
	return 0;
}

struct rows {
	struct pl_sealed contact, asked;
	int64_t confirmed_at, removed_at, code_expires_at, due_at;
	int is_asked;
};

/* 1, 0 or -1. */
static int read_contact(const struct pl_work *work, int64_t member_id, enum pl_contact_kind kind,
			struct rows *rows_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_RECOVERY_CONTACT_GET,
					PL_PARAMS(OF_MEMBER(member_id, kind)));
	const int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	rows_r->contact.len =
		pl_col_blob(stmt, "sealed", rows_r->contact.data, sizeof(rows_r->contact.data));
	rows_r->confirmed_at = pl_col_int(stmt, "confirmed_at");
	rows_r->removed_at = pl_col_int(stmt, "removed_at");
	return pl_row_end(stmt, work->err);
}

static int read_change(const struct pl_work *work, int64_t member_id, enum pl_contact_kind kind,
		       struct rows *rows_r)
{
	struct pl_stmt *stmt = pl_query(work->store, PL_SQL_RECOVERY_CHANGE_GET,
					PL_PARAMS(OF_MEMBER(member_id, kind)));
	const int ret = pl_step(stmt, work->err);

	if (ret != 1)
		return ret;
	rows_r->asked.len =
		pl_col_blob(stmt, "sealed", rows_r->asked.data, sizeof(rows_r->asked.data));
	rows_r->code_expires_at = pl_col_int(stmt, "code_expires_at");
	rows_r->due_at = pl_col_int(stmt, "due_at");
	rows_r->is_asked = 1;
	return pl_row_end(stmt, work->err);
}

static int read_rows(const struct pl_work *work, int64_t member_id, enum pl_contact_kind kind,
		     struct rows *rows_r)
{
	memset(rows_r, 0, sizeof(*rows_r));
	return read_contact(work, member_id, kind, rows_r) < 0 ||
			       read_change(work, member_id, kind, rows_r) < 0
		       ? -1
		       : 0;
}

int pl_contact_get(const struct pl_work *work, const struct pl_keys *keys, int64_t member_id,
		   enum pl_contact_kind kind, struct pl_contact *contact_r)
{
	struct rows rows;

	memset(contact_r, 0, sizeof(*contact_r));
	if (read_rows(work, member_id, kind, &rows) < 0 ||
	    unseal(work, keys, member_id, kind, &rows.contact, contact_r->value) < 0 ||
	    unseal(work, keys, member_id, kind, &rows.asked, contact_r->asked) < 0)
		return -1;
	contact_r->confirmed_at = rows.confirmed_at;
	contact_r->due_at = rows.due_at;
	if (rows.due_at > 0 && rows.due_at <= work->now) {
		memcpy(contact_r->value, contact_r->asked, sizeof(contact_r->value));
		contact_r->confirmed_at = rows.due_at;
	}
	/* It has taken its place, or nobody has entered the code in time. */
	if (rows.due_at > 0 ? rows.due_at <= work->now : rows.code_expires_at <= work->now) {
		contact_r->asked[0] = '\0';
		contact_r->due_at = 0;
	}
	return 0;
}

/* -- a new one -- */

/* Whether mail to the domain comes to this server: 1, 0 or -1. */
static int is_inside(const struct pl_work *work, const struct pl_policy *policy, const char *name)
{
	struct pl_domain domain;
	const int ret = pl_domain_get(work->store, name, &domain, work->err);

	if (ret != 1)
		return ret < 0 ? -1 : pl_policy_domain(policy, name) != NULL;
	return pl_domain_is_known(&domain, policy);
}

static int check_mail(const struct pl_work *work, const struct pl_policy *policy,
		      const struct pl_account *account, const char *text,
		      char value_r[PL_ADDRESS_MAX + 1], enum pl_contact_fault *fault_r)
{
	struct pl_target target;
	int inside;

	if (pl_target_parse(text, &target, NULL) < 0) {
		*fault_r = PL_CONTACT_INVALID;
		return 0;
	}
	/* While no domain is known, those of members are. */
	inside = strcmp(target.address.domain, account->member.address.domain) == 0
			 ? 1
			 : is_inside(work, policy, target.address.domain);
	if (inside != 0) {
		*fault_r = PL_CONTACT_OWN_SERVER;
		return inside < 0 ? -1 : 0;
	}
	memcpy(value_r, target.text, sizeof(target.text));
	return 1;
}

static int check_phone(const struct pl_policy *policy, const struct pl_contact_wish *wish,
		       char value_r[PL_ADDRESS_MAX + 1], enum pl_contact_fault *fault_r)
{
	const int ret = pl_phone_parse(wish->value, policy->sms_countries, wish->foreign, value_r);

	*fault_r = ret == 1 ? PL_CONTACT_FITS : ret == 0 ? PL_CONTACT_INVALID : PL_CONTACT_COUNTRY;
	return ret == 1;
}

/* Writes what is asked for, with the digest of its code. */
static int put_change(const struct pl_work *work, const struct pl_contact_keys *keys,
		      int64_t member_id, enum pl_contact_kind kind,
		      const struct pl_contact_message *message)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_sealed sealed;

	if (seal(work, keys->seal, member_id, kind, message->to, &sealed) < 0 ||
	    pl_contact_mac(work, keys->verify, 0, member_id, kind, message->secret, digest) < 0 ||
	    pl_exec(work->store, PL_SQL_RECOVERY_CHANGE_DELETE,
		    PL_PARAMS(OF_MEMBER(member_id, kind)), work->err) < 0)
		return -1;
	return pl_exec(work->store, PL_SQL_RECOVERY_CHANGE_INSERT,
		       PL_PARAMS(OF_MEMBER(member_id, kind),
				 PL_BLOB("sealed", sealed.data, sealed.len),
				 PL_BLOB("code", digest, sizeof(digest)),
				 PL_INT("expires_at", work->now + kinds[kind].life)),
		       work->err);
}

/* 1, 0 when there were too many, -1. */
static int send_code(const struct pl_work *work, const struct pl_contact_keys *keys,
		     const struct pl_policy *policy, int64_t member_id, enum pl_contact_kind kind,
		     struct pl_contact_message *message)
{
	enum pl_contact_admission admission;

	if (pl_contact_admit(work, keys->verify, policy, member_id, kind, message->to, &admission) <
	    0)
		return -1;
	if (admission == PL_CONTACT_REFUSED)
		return 0;
	if (pl_random_code(message->secret, work->err) < 0 ||
	    put_change(work, keys, member_id, kind, message) < 0)
		return -1;
	return admission == PL_CONTACT_ADMITTED &&
			       pl_contact_message_send(work, member_id, kinds[kind].code, message,
						       kinds[kind].life) < 0
		       ? -1
		       : 1;
}

int pl_contact_ask(const struct pl_work *work, const struct pl_contact_keys *keys,
		   const struct pl_policy *policy, const struct pl_account *account,
		   const struct pl_contact_wish *wish, const struct pl_contact_message *asker,
		   enum pl_contact_fault *fault_r)
{
	const int64_t member_id = account->member.id;
	struct pl_contact_message message = *asker;
	struct pl_contact now;
	int ret;

	*fault_r = PL_CONTACT_FITS;
	if (pl_contact_apply(work) < 0)
		return -1;
	ret = wish->kind == PL_CONTACT_MAIL
		      ? check_mail(work, policy, account, wish->value, message.to, fault_r)
		      : check_phone(policy, wish, message.to, fault_r);
	if (ret == 1)
		ret = pl_contact_get(work, keys->seal, member_id, wish->kind, &now) < 0 ? -1 : 1;
	if (ret == 1 && strcmp(now.value, message.to) == 0) {
		*fault_r = PL_CONTACT_SAME;
		ret = 0;
	}
	if (ret == 1) {
		ret = send_code(work, keys, policy, member_id, wish->kind, &message);
		if (ret == 0)
			*fault_r = PL_CONTACT_TOO_MANY;
	}
	OPENSSL_cleanse(&message, sizeof(message));
	OPENSSL_cleanse(&now, sizeof(now));
	return ret;
}

/* -- the code -- */

/* Takes the place of the old one later, which is told. */
static int tell_old(const struct pl_work *work, const struct pl_keys *keys, int64_t member_id,
		    enum pl_contact_kind kind, const struct rows *rows,
		    const struct pl_contact_message *asker, const struct pl_secret *token)
{
	struct pl_contact_message message = *asker;
	int ret = unseal(work, keys, member_id, kind, &rows->contact, message.to);

	snprintf(message.secret, sizeof(message.secret), "%.47s", (const char *)token->data);
	if (ret == 0 && message.to[0] != '\0')
		ret = pl_contact_message_send(work, member_id, kinds[kind].change, &message,
					      PL_CONTACT_WAIT);
	OPENSSL_cleanse(&message, sizeof(message));
	return ret;
}

/* With each key that there is: how many rows, or -1. */
static int64_t redeem(const struct pl_work *work, const struct pl_keys *verify, int64_t member_id,
		      enum pl_contact_kind kind, const char *code, int64_t due_at,
		      const struct pl_secret *token)
{
	unsigned char digest[PL_MAC_BYTES], stop[PL_MAC_BYTES];
	int64_t confirmed = 0;

	if (verify == NULL)
		return pl_error_set(work->err, PL_ERR_RETRY,
				    "codes need the HMAC key (verify_key)");
	if (pl_token_digest(token, stop, work->err) < 0)
		return -1;
	for (size_t i = 0; confirmed == 0 && i < pl_keys_count(verify); i++) {
		if (pl_contact_mac(work, verify, i, member_id, kind, code, digest) < 0)
			return -1;
		confirmed = pl_exec_count(work->store, PL_SQL_RECOVERY_CHANGE_CONFIRM,
					  PL_PARAMS(OF_MEMBER(member_id, kind),
						    PL_INT("due_at", due_at),
						    PL_BLOB("stop", stop, sizeof(stop)),
						    PL_BLOB("code", digest, sizeof(digest))),
					  work->err);
	}
	return confirmed;
}

/* When a contact that is confirmed now counts. */
static int64_t due_at(const struct pl_work *work, const struct rows *rows)
{
	if (rows->contact.len > 0)
		return work->now + PL_CONTACT_WAIT;
	if (rows->removed_at > work->now - PL_CONTACT_WAIT && rows->removed_at > 0)
		return rows->removed_at + PL_CONTACT_WAIT;
	return work->now;
}

static int finish(const struct pl_work *work, const struct pl_contact_keys *keys,
		  const struct pl_account *account, enum pl_contact_kind kind,
		  const struct rows *rows, const struct pl_contact_message *asker,
		  const struct pl_secret *token, enum pl_contact_confirmed *confirmed_r)
{
	const int waits = due_at(work, rows) > work->now;

	*confirmed_r = waits ? PL_CONTACT_WAITS : PL_CONTACT_ADDED;
	if (waits && tell_old(work, keys->seal, account->member.id, kind, rows, asker, token) < 0)
		return -1;
	if (!waits && pl_contact_apply(work) < 0)
		return -1;
	return record(work, waits ? "recovery-contact.change" : "recovery-contact.add",
		      &account->member.address, kind);
}

int pl_contact_confirm(const struct pl_work *work, const struct pl_contact_keys *keys,
		       const struct pl_account *account, enum pl_contact_kind kind,
		       const char *code, const struct pl_contact_message *asker,
		       enum pl_contact_confirmed *confirmed_r)
{
	const int64_t member_id = account->member.id;
	struct pl_secret token = { .len = 0 };
	struct rows rows;
	int64_t count;
	int ret;

	*confirmed_r = PL_CONTACT_WRONG;
	if (pl_contact_apply(work) < 0 || read_rows(work, member_id, kind, &rows) < 0)
		return -1;
	count = pl_exec_count(work->store, PL_SQL_RECOVERY_CHANGE_TRY,
			      PL_PARAMS(OF_MEMBER(member_id, kind),
					PL_INT("most", PL_CONTACT_CODE_TRIES),
					PL_INT("now", work->now)),
			      work->err);
	if (count == 1) {
		if (pl_random_token("", &token, work->err) < 0)
			return -1;
		count = redeem(work, keys->verify, member_id, kind, code, due_at(work, &rows),
			       &token);
	}
	ret = count < 0 ? -1 : 0;
	if (count == 1)
		ret = finish(work, keys, account, kind, &rows, asker, &token, confirmed_r);
	pl_secret_wipe(&token);
	return ret;
}

/* -- the end -- */

int pl_contact_stop(const struct pl_work *work, const char *token, int64_t *member_id_r)
{
	unsigned char digest[PL_MAC_BYTES];
	struct pl_secret secret;
	struct pl_address address;
	struct pl_stmt *stmt;
	enum pl_contact_kind kind;
	char name[16];
	int ret;

	if (pl_secret_set(&secret, token, strlen(token)) < 0)
		return 0;
	ret = pl_token_digest(&secret, digest, work->err);
	pl_secret_wipe(&secret);
	if (ret < 0)
		return -1;
	stmt = pl_query(work->store, PL_SQL_RECOVERY_CHANGE_BY_STOP,
			PL_PARAMS(PL_BLOB("stop", digest, sizeof(digest)),
				  PL_INT("now", work->now)));
	ret = pl_step(stmt, work->err);
	if (ret != 1)
		return ret;
	*member_id_r = pl_col_int(stmt, "member_id");
	pl_col_copy(stmt, "kind", name, sizeof(name));
	pl_col_copy(stmt, "local", address.local, sizeof(address.local));
	pl_col_copy(stmt, "domain", address.domain, sizeof(address.domain));
	if (pl_row_end(stmt, work->err) < 0 || !pl_contact_kind_of(name, &kind))
		return -1;
	if (pl_exec(work->store, PL_SQL_RECOVERY_CHANGE_DELETE,
		    PL_PARAMS(OF_MEMBER(*member_id_r, kind)), work->err) < 0 ||
	    record(work, "recovery-contact.stop", &address, kind) < 0)
		return -1;
	return 1;
}

int pl_contact_cancel(const struct pl_work *work, const struct pl_account *account,
		      enum pl_contact_kind kind)
{
	int64_t removed;

	if (pl_contact_apply(work) < 0)
		return -1;
	removed = pl_exec_count(work->store, PL_SQL_RECOVERY_CHANGE_DELETE,
				PL_PARAMS(OF_MEMBER(account->member.id, kind)), work->err);
	if (removed == 1 &&
	    record(work, "recovery-contact.stop", &account->member.address, kind) < 0)
		return -1;
	return (int)removed;
}

int pl_contact_erase(const struct pl_work *work, const struct pl_account *account,
		     enum pl_contact_kind kind)
{
	const int64_t member_id = account->member.id;
	int64_t contacts, changes;

	if (pl_contact_apply(work) < 0)
		return -1;
	contacts = pl_exec_count(work->store, PL_SQL_RECOVERY_CONTACT_ERASE,
				 PL_PARAMS(OF_MEMBER(member_id, kind), PL_INT("now", work->now)),
				 work->err);
	changes = pl_exec_count(work->store, PL_SQL_RECOVERY_CHANGE_DELETE,
				PL_PARAMS(OF_MEMBER(member_id, kind)), work->err);
	if (contacts < 0 || changes < 0 ||
	    pl_exec(work->store, PL_SQL_RECOVERY_CODE_FORGET, PL_PARAMS(OF_MEMBER(member_id, kind)),
		    work->err) < 0 ||
	    pl_exec(work->store, PL_SQL_RECOVERY_REQUEST_FORGET,
		    PL_PARAMS(PL_INT("member_id", member_id)), work->err) < 0 ||
	    pl_exec(work->store, PL_SQL_RECOVERY_MESSAGE_DELETE,
		    PL_PARAMS(PL_INT("member_id", member_id), PL_TEXT("to", kinds[kind].to)),
		    work->err) < 0)
		return -1;
	if (contacts + changes == 0)
		return 0;
	return record(work, "recovery-contact.remove", &account->member.address, kind) < 0 ? -1 : 1;
}

int pl_contact_apply(const struct pl_work *work)
{
	return pl_exec(work->store, PL_SQL_RECOVERY_CHANGE_APPLY,
		       PL_PARAMS(PL_INT("now", work->now)), work->err) < 0 ||
			       pl_exec(work->store, PL_SQL_RECOVERY_CHANGE_APPLIED,
				       PL_PARAMS(PL_INT("now", work->now)), work->err) < 0
		       ? -1
		       : 0;
}
