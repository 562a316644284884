/* app_password.c - see app_password.h. */
#include "policy/credential/app_password.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "policy/account/member_row.h"
#include "policy/account/member_state.h"
#include "policy/base/utf8.h"

/* Bytes from here up are dropped: 234 is the largest multiple of 26 in a byte,
 * so each letter is equally likely. */
#define REJECT_FROM 234

int pl_app_password_fold(const struct pl_secret *offered, struct pl_secret *folded_r)
{
	pl_secret_wipe(folded_r);
	for (size_t i = 0; i < offered->len; i++) {
		unsigned char c = offered->data[i];
		size_t space = pl_space_at(offered->data + i, offered->len - i);

		if (space > 0) {
			i += space - 1;
			continue;
		}
		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c - 'A' + 'a');
		if (c < 'a' || c > 'z' || folded_r->len == PL_APP_PASSWORD_MAX) {
			pl_secret_wipe(folded_r);
			return 0;
		}
		folded_r->data[folded_r->len++] = c;
	}
	return folded_r->len >= PL_APP_PASSWORD_MIN;
}

int pl_app_password_display(const struct pl_secret *password, struct pl_secret *display_r)
{
	pl_secret_wipe(display_r);
	if (password->len > PL_APP_PASSWORD_MAX)
		return -1;
	for (size_t i = 0; i < password->len; i++) {
		if (i > 0 && i % 4 == 0)
			display_r->data[display_r->len++] = ' ';
		display_r->data[display_r->len++] = password->data[i];
	}
	return 0;
}

static int generate(size_t letters, struct pl_secret *password_r, struct pl_error *err)
{
	unsigned char random[64];
	int ret = 0;

	pl_secret_wipe(password_r);
	while (ret == 0 && password_r->len < letters) {
		if (RAND_priv_bytes(random, sizeof(random)) != 1)
			ret = pl_error_set(err, PL_ERR_RETRY, "OpenSSL has no random numbers");
		for (size_t i = 0; ret == 0 && i < sizeof(random) && password_r->len < letters;
		     i++) {
			if (random[i] < REJECT_FROM)
				password_r->data[password_r->len++] =
					(unsigned char)('a' + random[i] % 26);
		}
	}
	OPENSSL_cleanse(random, sizeof(random));
	return ret;
}

/* The services of the kind are the most that it covers, and what it covers unless it says less. */
static int check_services(struct pl_app_password *app_password, struct pl_error *err)
{
	const struct pl_app_password_kind_info *kind = pl_app_password_kind(app_password->kind);
	char services[PL_SERVICES_TEXT];

	if (app_password->services == PL_SERVICES_ALL)
		app_password->services = kind->services;
	return pl_services_within(app_password->services, kind->services)
		       ? 0
		       : pl_error_set(err, PL_ERR_INVALID,
				      "an app password of the kind %s covers %s and nothing else",
				      kind->name,
				      pl_services_format(kind->services, services,
							 sizeof(services)));
}

static int is_limited(const struct pl_app_password *app_password)
{
	return app_password->services != PL_SERVICES_ALL || app_password->networks[0] != '\0' ||
	       app_password->expires_at != 0;
}

static int check_limits(struct pl_app_password *app_password, size_t letters, struct pl_error *err)
{
	if (letters < PL_APP_PASSWORD_MIN || letters > PL_APP_PASSWORD_MAX)
		return pl_error_set(err, PL_ERR_INVALID, "an app password has %d to %d letters",
				    PL_APP_PASSWORD_MIN, PL_APP_PASSWORD_MAX);
	if (!pl_is_label(app_password->label, PL_APP_PASSWORD_LABEL))
		return pl_error_set(err, PL_ERR_INVALID,
				    "the label must have 1 to %d characters of UTF-8, and no "
				    "control characters or ones that change the direction of text; "
				    "name the device, for example \"office scanner\"",
				    PL_APP_PASSWORD_LABEL);
	if (app_password->kind == PL_APP_PASSWORD_DECOY && is_limited(app_password))
		return pl_error_set(err, PL_ERR_INVALID,
				    "a decoy opens nothing, so it has no services, networks and "
				    "expiry");
	return check_services(app_password, err) < 0 ||
			       pl_network_list_check(app_password->networks, err) < 0
		       ? -1
		       : 0;
}

int64_t pl_app_password_count(struct pl_store *store, int64_t member_id, struct pl_error *err)
{
	struct pl_stmt *stmt = pl_query(store, PL_SQL_APP_PASSWORD_COUNT,
					PL_PARAMS(PL_INT("member_id", member_id)));
	int64_t count;

	if (pl_step(stmt, err) < 0)
		return -1;
	count = pl_col_int(stmt, "count");
	return pl_row_end(stmt, err) < 0 ? -1 : count;
}

static int below_limit(struct pl_store *store, int64_t member_id, struct pl_error *err)
{
	const int64_t count = pl_app_password_count(store, member_id, err);

	if (count < 0)
		return -1;
	return count < PL_APP_PASSWORDS_PER_MEMBER
		       ? 0
		       : pl_error_set(err, PL_ERR_CONFLICT,
				      "the member has %d app passwords already; revoke one first",
				      PL_APP_PASSWORDS_PER_MEMBER);
}

static int insert(const struct pl_work *work, const struct pl_keys *keys,
		  struct pl_app_password *app_password, const struct pl_secret *password)
{
	int64_t expires_at = app_password->expires_at;
	unsigned char mac[PL_MAC_BYTES];
	char services[PL_SERVICES_TEXT];

	if (pl_keys_mac(keys, 0, app_password->member_id, password, mac, work->err) < 0)
		return -1;
	app_password->created_at = work->now;
	if (app_password->kind == PL_APP_PASSWORD_DECOY)
		expires_at = work->now;
	if (pl_insert(work->store, PL_SQL_APP_PASSWORD_INSERT,
		      PL_PARAMS(PL_INT("member_id", app_password->member_id),
				PL_BLOB("mac", mac, sizeof(mac)),
				PL_INT("key_id", pl_keys_id(keys, 0)),
				PL_TEXT("kind", pl_app_password_kind(app_password->kind)->name),
				PL_TEXT("label", app_password->label),
				PL_TEXT("services", pl_services_format(app_password->services,
								       services, sizeof(services))),
				PL_TEXT("networks", app_password->networks),
				PL_INT("expires_at", expires_at),
				PL_INT("created_at", app_password->created_at)),
		      &app_password->id, work->err) < 0)
		return -1;
	return pl_member_state_credentials(work, app_password->member_id);
}

static int record_issue(const struct pl_work *work, const char *address,
			const struct pl_app_password *made)
{
	char after[PL_AUDIT_TEXT], services[PL_SERVICES_TEXT];

	snprintf(after, sizeof(after),
		 "id=%lld kind=%s services=%s networks=%.200s expires=%lld label=%s",
		 (long long)made->id, pl_app_password_kind(made->kind)->name,
		 pl_services_format(made->services, services, sizeof(services)),
		 made->networks[0] == '\0' ? "all" : made->networks, (long long)made->expires_at,
		 made->label);
	return pl_audit_add(work, "app-password.create", address, "", after);
}

/* The member is added at need. */
static int find_owner(const struct pl_work *work, const struct pl_address *address,
		      struct pl_app_password *app_password)
{
	struct pl_account account;

	if (pl_account_get(work->store, address, &account, work->err) < 0 ||
	    pl_member_ensure(work, &account) < 0)
		return -1;
	app_password->member_id = account.member.id;
	return 0;
}

int pl_app_password_issue(const struct pl_work *work, const struct pl_keys *keys, size_t letters,
			  const struct pl_address *address, struct pl_app_password *app_password,
			  struct pl_secret *password_r)
{
	char text[PL_ADDRESS_MAX + 1];

	pl_address_format(address, text);
	if (check_limits(app_password, letters, work->err) == 0 &&
	    generate(letters, password_r, work->err) == 0 &&
	    find_owner(work, address, app_password) == 0 &&
	    below_limit(work->store, app_password->member_id, work->err) == 0 &&
	    insert(work, keys, app_password, password_r) == 0 &&
	    record_issue(work, text, app_password) == 0)
		return 0;
	pl_secret_wipe(password_r);
	return pl_error_prefix(work->err, "app password of %s", text);
}

int pl_app_password_tell_made(const struct pl_work *work, const struct pl_app_password *made,
			      const struct pl_notice_origin *origin)
{
	const char *what = made->kind == PL_APP_PASSWORD_DECOY ? "decoy-made" : "app-password-made";

	return pl_app_password_tell(work, made->member_id, what, made->label, origin);
}

void pl_app_password_read_limits(struct pl_stmt *stmt, struct pl_app_password *row_r)
{
	row_r->services = pl_services_read(stmt);
	pl_col_copy(stmt, "networks", row_r->networks, sizeof(row_r->networks));
	row_r->expires_at = pl_col_int(stmt, "expires_at");
}

static void read_row(struct pl_stmt *stmt, struct pl_app_password *row_r)
{
	const char *kind = pl_col_text(stmt, "kind");

	memset(row_r, 0, sizeof(*row_r));
	if (kind == NULL || pl_app_password_kind_parse(kind, &row_r->kind, NULL) < 0)
		row_r->kind = PL_APP_PASSWORD_SCRIPT;
	row_r->id = pl_col_int(stmt, "id");
	pl_app_password_read_limits(stmt, row_r);
	if (row_r->kind == PL_APP_PASSWORD_DECOY)
		row_r->expires_at = 0;
	row_r->member_id = pl_col_int(stmt, "member_id");
	pl_col_copy(stmt, "label", row_r->label, sizeof(row_r->label));
	row_r->created_at = pl_col_int(stmt, "created_at");
	row_r->last_used_at = pl_col_int(stmt, "last_used_at");
	pl_col_copy(stmt, "last_used_ip", row_r->last_used_ip, sizeof(row_r->last_used_ip));
	pl_col_copy(stmt, "last_used_service", row_r->last_used_service,
		    sizeof(row_r->last_used_service));
}

int pl_app_password_macs(const struct pl_keys *keys, int64_t member_id,
			 const struct pl_secret *folded, struct pl_app_password_macs *macs_r,
			 struct pl_error *err)
{
	macs_r->count = pl_keys_count(keys);
	macs_r->key_id = pl_keys_id(keys, 0);
	for (size_t i = 0; i < macs_r->count; i++) {
		if (pl_keys_mac(keys, i, member_id, folded, macs_r->mac[i], err) < 0)
			return -1;
	}
	return 0;
}

int pl_app_password_matches(const struct pl_app_password_macs *macs, struct pl_stmt *stmt)
{
	unsigned char mac[PL_MAC_BYTES];
	int matches = 0;

	if (pl_col_blob(stmt, "mac", mac, sizeof(mac)) != sizeof(mac))
		return 0;
	for (size_t i = 0; i < macs->count; i++)
		matches |= CRYPTO_memcmp(mac, macs->mac[i], sizeof(mac)) == 0;
	return matches;
}

void pl_app_password_renew(const struct pl_app_password_macs *macs, struct pl_stmt *stmt,
			   struct pl_app_password_renewal *renewal_r)
{
	unsigned char mac[PL_MAC_BYTES];

	renewal_r->key_id = 0;
	if (macs->count < 2 || pl_col_blob(stmt, "mac", mac, sizeof(mac)) != sizeof(mac) ||
	    CRYPTO_memcmp(mac, macs->mac[0], sizeof(mac)) == 0)
		return;
	renewal_r->key_id = macs->key_id;
	memcpy(renewal_r->mac, macs->mac[0], sizeof(renewal_r->mac));
}

enum pl_app_password_limit pl_app_password_limit(const struct pl_app_password *app_password,
						 enum pl_setting service, const struct pl_ip *ip,
						 int64_t now)
{
	if (app_password->expires_at != 0 && now >= app_password->expires_at)
		return PL_APP_PASSWORD_EXPIRED;
	if (!pl_services_cover(app_password->services, service))
		return PL_APP_PASSWORD_WRONG_SERVICE;
	if (app_password->networks[0] != '\0' &&
	    pl_network_list_contains(app_password->networks, ip, NULL) != 1)
		return PL_APP_PASSWORD_WRONG_NETWORK;
	return PL_APP_PASSWORD_COVERS;
}

int pl_app_password_list(struct pl_store *store, int64_t member_id,
			 int (*each)(const struct pl_app_password *app_password, void *context),
			 void *context, struct pl_error *err)
{
	struct pl_stmt *stmt;
	struct pl_app_password row;
	int ret;

	stmt = pl_query(store, PL_SQL_APP_PASSWORD_LIST, PL_PARAMS(PL_INT("member_id", member_id)));
	while ((ret = pl_step(stmt, err)) == 1) {
		read_row(stmt, &row);
		if (each(&row, context) != 0) {
			pl_reset(stmt);
			return 0;
		}
	}
	return ret;
}

struct search {
	int64_t wanted; /* 0: any */
	struct pl_app_password *found_r;
	int is_found;
};

static int compare(const struct pl_app_password *row, void *context)
{
	struct search *search = context;

	if (search->wanted != 0 && search->wanted != row->id)
		return 0;
	*search->found_r = *row;
	search->is_found = 1;
	return 1;
}

int pl_app_password_get(struct pl_store *store, int64_t member_id, int64_t id,
			struct pl_app_password *app_password_r, struct pl_error *err)
{
	struct search search = { .wanted = id, .found_r = app_password_r };

	return pl_app_password_list(store, member_id, compare, &search, err) < 0 ? -1
										 : search.is_found;
}

static int revoke_row(const struct pl_work *work, const char *address,
		      const struct pl_app_password *row, const struct pl_notice_origin *origin)
{
	const char *what =
		row->kind == PL_APP_PASSWORD_DECOY ? "decoy-revoked" : "app-password-revoked";
	char before[PL_AUDIT_TEXT];

	if (pl_exec(work->store, PL_SQL_APP_PASSWORD_DELETE,
		    PL_PARAMS(PL_INT("member_id", row->member_id),
			      PL_INT("app_password_id", row->id)),
		    work->err) < 0 ||
	    pl_member_state_credentials(work, row->member_id) < 0)
		return -1;
	snprintf(before, sizeof(before), "id=%lld label=%s", (long long)row->id, row->label);
	return pl_audit_add(work, "app-password.revoke", address, before, "") < 0
		       ? -1
		       : pl_app_password_tell(work, row->member_id, what, row->label, origin);
}

/* Revokes the one that is wanted. How many it was, or -1. */
static int revoke_one(const struct pl_work *work, const char *address, int64_t member_id,
		      int64_t wanted, const struct pl_notice_origin *origin)
{
	struct pl_app_password row;
	int ret = pl_app_password_get(work->store, member_id, wanted, &row, work->err);

	return ret == 1 && revoke_row(work, address, &row, origin) < 0 ? -1 : ret;
}

int64_t pl_app_password_revoke(const struct pl_work *work, const struct pl_address *address,
			       int64_t id, const struct pl_notice_origin *origin)
{
	char text[PL_ADDRESS_MAX + 1];
	struct pl_account account;
	int64_t count = 0;
	int one;

	pl_address_format(address, text);
	if (pl_account_get(work->store, address, &account, work->err) < 0)
		return pl_error_prefix(work->err, "app password of %s", text);
	do {
		one = revoke_one(work, text, account.member.id, id, origin);
		count += one;
	} while (one == 1 && id == 0);
	return one < 0 ? pl_error_prefix(work->err, "app password of %s", text) : count;
}
