/* fuzz_socketmap.c - what is sent to the socket at which Postfix asks for forwards.
 *
 * What is read as a request is one: written again, it is the same bytes. Its key goes through the
 * resolution, with forwards for every address that lead back to it.
 */
#include "tests/fuzz/fuzz.h"

#include "milter/socketmap.h"
#include "policy/forward/resolve.h"

static int find(void *context, const struct pl_address *address, struct pl_forward_step *step_r,
		struct pl_error *err)
{
	(void)context;
	memset(step_r, 0, sizeof(*step_r));
	step_r->owner = *address;
	step_r->count = 2;
	MUST(pl_target_parse("other@elsewhere.test", &step_r->target[0], err) == 0);
	step_r->target[1].address = *address;
	pl_address_format(address, step_r->target[1].text);
	return address->local[0] == 'o' ? 0 : 1;
}

static void resolve(const struct socketmap_request *request)
{
	const struct pl_forward_question question = { request->key, request->name, 0 };
	char answer[PL_FORWARD_ANSWER];
	struct pl_error err;

	if (pl_forward_resolve(&question, find, NULL, answer, &err) != 1)
		return;
	MUST(strlen(answer) < sizeof(answer));
	MUST(strpbrk(answer, "\"\\ \r\n") == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char buffer[SOCKETMAP_BUFFER], again[SOCKETMAP_BUFFER + 64];
	struct socketmap_request request;
	size_t used = 0, len;

	if (size > sizeof(buffer))
		size = sizeof(buffer);
	memcpy(buffer, data, size);
	if (socketmap_parse(buffer, size, &request, &used) != 1)
		return 0;
	MUST(used <= size);
	MUST(request.name[0] != '\0' && strchr(request.name, ' ') == NULL);
	len = socketmap_reply(request.name, request.key, again, sizeof(again));
	MUST(len == used && memcmp(again, data, len) == 0);
	resolve(&request);
	return 0;
}
