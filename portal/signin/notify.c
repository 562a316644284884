/* notify.c - see notify.h. */
#include "portal/signin/notify.h"

#include <stdio.h>
#include <string.h>

#include "policy/base/utf8.h"

struct pl_notice_origin notify_origin(const struct request *request)
{
	struct pl_notice_origin origin = { 0 };

	strncpy(origin.language, language_tags[request_language(request)],
		sizeof(origin.language) - 1);
	memcpy(origin.ip, request->ip_text, sizeof(origin.ip));
	request_device(request, origin.device, sizeof(origin.device));
	return origin;
}

struct pl_contact_message notify_asker(const struct request *request)
{
	const struct pl_notice_origin origin = notify_origin(request);
	struct pl_contact_message asker = { .to = "" };

	snprintf(asker.language, sizeof(asker.language), "%s", origin.language);
	snprintf(asker.ip, sizeof(asker.ip), "%s", origin.ip);
	pl_utf8_copy(origin.device, asker.device, sizeof(asker.device));
	return asker;
}

int notify_member(struct request *request, int64_t member_id, const char *what)
{
	const struct pl_notice_origin origin = notify_origin(request);

	return pl_notice_add(&request->work, member_id, what, &origin);
}
