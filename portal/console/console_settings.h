/* console_settings.h - settings of a domain or a member, as the administrators' API shows them. */
#ifndef POSTLATCH_PORTAL_CONSOLE_SETTINGS_H
#define POSTLATCH_PORTAL_CONSOLE_SETTINGS_H

#include "portal/http/request.h"

/* {"imap": {"value": "on", "source": "domain", "own": "inherit"}, ...}: every setting that layer
 * may have, with what holds and the layer that it comes from. own is the layer's own value. */
json_t *console_settings(const struct request *request, const struct pl_account *account,
			 enum pl_layer_bit layer);
/* The same with what a change needs: what the layer may be given (allowed), and what of it with a
 * date (dated); what holds without its own value (inherited), and what holds from a day on (next);
 * whether the policy file forbids it (locked), the section of that file, "domain", "defaults" or
 * null, which the value comes from; and whether nothing obeys it yet (no_effect_yet). */
json_t *console_settings_in_detail(const struct request *request, const struct pl_account *account,
				   enum pl_layer_bit layer);

#endif
