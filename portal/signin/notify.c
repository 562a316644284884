/* notify.c - see notify.h. */
#include "portal/signin/notify.h"

#include <string.h>

struct pl_notice_origin notify_origin(const struct request *request)
{
	struct pl_notice_origin origin = { 0 };

	strncpy(origin.language, language_tags[request_language(request)],
		sizeof(origin.language) - 1);
	memcpy(origin.ip, request->ip_text, sizeof(origin.ip));
	request_device(request, origin.device, sizeof(origin.device));
	return origin;
}

int notify_member(struct request *request, int64_t member_id, const char *what)
{
	const struct pl_notice_origin origin = notify_origin(request);

	return pl_notice_add(&request->work, member_id, what, &origin);
}
