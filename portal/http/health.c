/* health.c - whether the portal can do its work now. */
#include "portal/http/handlers.h"
#include "portal/http/portal.h"
#include "policy/account/member.h"

int get_health(struct request *request, struct response *response, struct pl_error *err)
{
	static const struct pl_address nobody;
	struct pl_account account;

	if (pl_account_get(request->work.store, &nobody, &account, err) < 0)
		return -1;
	response->status = 204;
	return 0;
}
