/* account_passkeys.c - the member's passkeys: proof, registration, names, removal. */
#include "portal/account/account_answer.h"
#include "portal/account/handlers.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/next_step.h"
#include "portal/signin/notify.h"
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
	if (pl_session_reauthenticated(&request->work, request->session.id, 1) < 0)
		return -1;
	request->session.reauthenticated_at = request->work.now;
	return answer_account(request, response, err);
}

/* ---- the list ---- */

static int add_passkey(const struct pl_passkey *passkey, void *context)
{
	return json_array_append_new(context,
				     json_pack("{s:I, s:s, s:I, s:s, s:I, s:s, s:b}", "id",
					       (json_int_t)passkey->id, "name", passkey->name,
					       "created_at", (json_int_t)passkey->created_at,
					       "created_ip", passkey->created_ip, "last_used_at",
					       (json_int_t)passkey->last_used_at, "last_used_ip",
					       passkey->last_used_ip, "backed_up",
					       passkey->backed_up));
}

static int answer_passkeys(struct request *request, struct response *response, int status,
			   struct pl_error *err)
{
	json_t *rows = json_array();

	(void)err;
	if (pl_passkey_list(&request->work, request->session.member_id, add_passkey, rows) < 0) {
		json_decref(rows);
		return -1;
	}
	return respond_json(response, status,
			    json_pack("{s:o, s:b, s:i}", "passkeys", rows, "possible",
				      passkey_possible(request), "most", PL_PASSKEYS));
}

int get_passkeys(struct request *request, struct response *response, struct pl_error *err)
{
	return answer_passkeys(request, response, 200, err);
}

/* ---- registration ---- */

int post_account_passkey_challenge(struct request *request, struct response *response,
				   struct pl_error *err)
{
	int ret = account_check_two_factor_on(request, response, err);

	return ret == 1 ? passkey_begin_registration(request, response, err) : ret;
}

/* In the write transaction of the passkey; it reauthenticates, too. Values as passkey_register. */
static int add(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *codes = NULL;
	int ret = passkey_register(request, response, &codes, err);

	if (ret != 1)
		return ret;
	request->session.reauthenticated_at = request->work.now;
	if (pl_session_reauthenticated(&request->work, request->session.id, 1) < 0 ||
	    answer_passkeys(request, response, 200, err) < 0 ||
	    notify_member(request, request->session.member_id, "passkey-registered") < 0)
		ret = -1;
	if (ret == 1 && codes != NULL)
		json_object_set(response->json, "recovery_codes", codes);
	json_decref(codes);
	return ret;
}

int post_account_passkey(struct request *request, struct response *response, struct pl_error *err)
{
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = account_check_two_factor_on(request, response, err);
	if (ret == 1)
		ret = add(request, response, err);
	return ret < 0 || pl_store_commit(request->work.store, err) < 0 ? -1 : 0;
}

/* ---- changes ---- */

static int64_t id_of(const struct request *request)
{
	return json_integer_value(json_object_get(request->json, "id"));
}

int post_passkey_rename(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_account *account;
	int changed = -1;

	if (request_begin_write(request, err) == 0 && request_account(request, &account, err) == 0)
		changed = pl_passkey_rename(&request->work, account, id_of(request),
					    request_text(request, "name"));
	if (changed < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	return changed == 0 ? respond_error(response, 404, "not-found")
			    : answer_passkeys(request, response, 200, err);
}

/* Sessions that were opened with a passkey that is in other hands end with it. */
int post_passkey_remove(struct request *request, struct response *response, struct pl_error *err)
{
	struct pl_account *account;
	int removed = -1;

	if (request_begin_write(request, err) == 0 && request_account(request, &account, err) == 0)
		removed = pl_passkey_remove(&request->work, account, id_of(request));
	if (removed == 1 &&
	    (notify_member(request, account->member.id,
			   account->member.factor_kinds == 0 ? "factor-removed"
							     : "passkey-removed") < 0 ||
	     end_other_sessions(request, err) < 0))
		removed = -1;
	if (removed < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	return removed == 0 ? respond_error(response, 404, "not-found")
			    : answer_passkeys(request, response, 200, err);
}
