/* guards.c - see guards.h. */
#include "portal/approve/guards.h"

#include <string.h>

#include "policy/base/random.h"
#include "portal/approve/signed_text.h"

/* Fills the key. Whether the request is signed with it. */
static int is_signed(struct request *request)
{
	unsigned char signature[PL_DEVICE_SIGNATURE_BYTES];
	char text[SIGNED_TEXT_MAX];
	const size_t len =
		signed_text(request->policy->portal_url, request->route, request->json, "", text);

	return len > 0 &&
	       pl_base64url_read(request_text(request, "key"), request->device.key,
				 PL_DEVICE_KEY_BYTES) &&
	       pl_base64url_read(request_text(request, "signature"), signature,
				 sizeof(signature)) &&
	       pl_device_key_verify(request->device.key, text, len, signature);
}

int guard_device_key(struct request *request, struct response *response, struct pl_error *err)
{
	const int64_t time = json_integer_value(json_object_get(request->json, "time"));
	const int64_t now = request->work.now;

	(void)err;
	if (!is_signed(request))
		return respond_error(response, 403, "wrong-signature");
	if (time < now - APPROVE_CLOCK_SECONDS || time > now + APPROVE_CLOCK_SECONDS)
		return respond_json(response, 403,
				    json_pack("{s:s, s:I}", "error", "device-clock", "number",
					      (json_int_t)now));
	return 1;
}

int guard_device(struct request *request, struct response *response, struct pl_error *err)
{
	unsigned char key[PL_DEVICE_KEY_BYTES];
	int ret = guard_device_key(request, response, err);

	if (ret != 1)
		return ret;
	memcpy(key, request->device.key, sizeof(key));
	ret = pl_approval_device_by_key(&request->work, key, &request->device);
	if (ret == 0)
		return respond_error(response, 403, "device-unknown");
	if (ret == 1)
		pl_address_format(&request->device.address, request->address);
	return ret;
}
