/* console_answer.h - parts of what the administrators' API answers. */
#ifndef POSTLATCH_PORTAL_CONSOLE_ANSWER_H
#define POSTLATCH_PORTAL_CONSOLE_ANSWER_H

#include "portal/http/request.h"
#include "portal/http/response.h"

/* {"imap": {"value": "on", "source": "domain", "own": "inherit"}, ...}: every setting that layer may
 * have, with what holds and the layer that it comes from. own is the layer's own value. */
json_t *console_settings(const struct request *request, const struct pl_account *account,
			 enum pl_layer_bit layer);

#endif
