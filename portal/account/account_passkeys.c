/* account_passkeys.c - the member's passkeys: proof, registration, names, removal. */
#include "portal/account/account_answer.h"
#include "portal/account/handlers.h"
#include "portal/account/kept_factor.h"
#include "portal/http/route.h"
#include "portal/signin/factor.h"
#include "portal/signin/passkey.h"

int post_reauthentication_challenge(struct request *request, struct response *response,
				    struct pl_error *err)
{
	return passkey_begin_proof(request, response, err);
}

int post_reauthentication_passkey(struct request *request, struct response *response,
				  struct pl_error *err)
{
	int ret = passkey_redeem(request, response, err);

	if (ret != 1)
		return ret;
	return account_reauthenticated(request, request->route->redeems) < 0
		       ? -1
		       : answer_account(request, response, err);
}

/* ---- the list ---- */

json_t *account_passkey_json(const struct pl_passkey *passkey)
{
	return json_pack("{s:I, s:s, s:I, s:s, s:I, s:s, s:b}", "id", (json_int_t)passkey->id,
			 "name", passkey->name, "created_at", (json_int_t)passkey->created_at,
			 "created_ip", passkey->created_ip, "last_used_at",
			 (json_int_t)passkey->last_used_at, "last_used_ip", passkey->last_used_ip,
			 "backed_up", passkey->backed_up);
}

static int add_passkey(const struct pl_passkey *passkey, void *context)
{
	return json_array_append_new(context, account_passkey_json(passkey));
}

int get_passkeys(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *rows = json_array();
	struct pl_account *account;

	if (request_account(request, &account, err) < 0 ||
	    pl_passkey_list(&request->work, request->session.member_id, add_passkey, rows) < 0) {
		json_decref(rows);
		return -1;
	}
	return respond_json(response, 200,
			    json_pack("{s:o, s:b, s:i}", "passkeys", rows, "possible",
				      (factor_kinds_open(request, account) &
				       PL_FACTOR_BIT(PL_FACTOR_PASSKEY)) != 0,
				      "most", PL_PASSKEYS));
}

static const struct kept_factor kind = {
	.add = passkey_register,
	.remove = pl_passkey_remove,
	.answer = get_passkeys,
	.added = "passkey-registered",
	.removed = "passkey-removed",
};

/* Where it stands for the password, too, the member is told so. */
static const struct kept_factor alone = {
	.add = passkey_register,
	.remove = pl_passkey_remove,
	.answer = get_passkeys,
	.added = "passkey-registered-alone",
	.removed = "passkey-removed",
};

/* ---- registration ---- */

int post_account_passkey_challenge(struct request *request, struct response *response,
				   struct pl_error *err)
{
	int ret = account_check_two_factor_on(request, response, err);

	return ret == 1 ? passkey_begin_registration(request, response, err) : ret;
}

int post_account_passkey(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_account *account;

	if (request_account(request, &account, err) < 0)
		return -1;
	return kept_factor_post(pl_account_passkey_sign_in(account, request->policy) ? &alone
										     : &kind,
				request, response, err);
}

/* ---- changes ---- */

int post_passkey_rename(struct request *request, struct response *response, struct pl_error *err)
{
	const int64_t id = json_integer_value(json_object_get(request->json, "id"));
	struct pl_account *account;
	int changed = -1;

	if (request_begin_write(request, err) == 0 && request_account(request, &account, err) == 0)
		changed = pl_passkey_rename(&request->work, account, id,
					    request_text(request, "name"));
	if (changed < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	return changed == 0 ? respond_error(response, 404, "not-found")
			    : get_passkeys(request, response, err);
}

int post_passkey_remove(struct request *request, struct response *response, struct pl_error *err)
{
	return kept_factor_post_remove(&kind, request, response, err);
}
