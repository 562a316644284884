/* pacc.c - the document of draft-ietf-mailmaint-pacc; see policy/settings/pacc.h. */
#include "policy/settings/pacc.h"

#include <string.h>

#include "portal/setup/domain.h"
#include "portal/setup/handlers.h"

int get_pacc(struct request *request, struct response *response, struct pl_error *err)
{
	char document[PL_PACC_DOCUMENT];
	struct setup setup;
	int ret = setup_find(request, NULL, &setup, err);

	if (ret < 0)
		return -1;
	if (ret == 0 || pl_pacc_document(request->policy, &setup.settings, document) == 0)
		return respond_error(response, 404, "not-found");
	response->body = strdup(document);
	if (response->body == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	response->status = 200;
	response->type = "application/json";
	response->body_len = strlen(document);
	return 0;
}
