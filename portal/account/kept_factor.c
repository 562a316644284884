/* kept_factor.c - see kept_factor.h. */
#include "portal/account/kept_factor.h"

#include "portal/account/account_answer.h"
#include "portal/http/route.h"
#include "portal/signin/end_sessions.h"
#include "portal/signin/notify.h"

/* In the write transaction of the factor. Values as kept_factor.add. */
static int add(const struct kept_factor *kind, struct request *request, struct response *response,
	       struct pl_error *err)
{
	json_t *codes = NULL;
	int ret = kind->add(request, response, &codes, err);

	if (ret != 1)
		return ret;
	if (account_reauthenticated(request, request->route->registers) < 0 ||
	    kind->answer(request, response, err) < 0 ||
	    notify_member(request, request->session.member_id, kind->added) < 0)
		ret = -1;
	if (ret == 1 && codes != NULL)
		json_object_set(response->json, "recovery_codes", codes);
	json_decref(codes);
	return ret;
}

int kept_factor_post(const struct kept_factor *kind, struct request *request,
		     struct response *response, struct pl_error *err)
{
	int ret = request_begin_write(request, err);

	if (ret == 0)
		ret = account_check_two_factor_on(request, response, err);
	if (ret == 1)
		ret = add(kind, request, response, err);
	return ret < 0 || pl_store_commit(request->work.store, err) < 0 ? -1 : 0;
}

/* Sessions that were opened with a factor that is in other hands end with it. */
int kept_factor_post_remove(const struct kept_factor *kind, struct request *request,
			    struct response *response, struct pl_error *err)
{
	const int64_t id = json_integer_value(json_object_get(request->json, "id"));
	struct pl_account *account;
	int removed = -1;

	if (request_begin_write(request, err) == 0 && request_account(request, &account, err) == 0)
		removed = kind->remove(&request->work, account, id);
	if (removed == 1 && (notify_member(request, account->member.id,
					   account->member.factor_kinds == 0 ? "factor-removed"
									     : kind->removed) < 0 ||
			     end_other_sessions(request, err) < 0))
		removed = -1;
	if (removed < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	return removed == 0 ? respond_error(response, 404, "not-found")
			    : kind->answer(request, response, err);
}
