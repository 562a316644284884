/* registration.c - a phone claims an open registration, and waits for the member to confirm it. */
#include <stdio.h>
#include <string.h>

#include "policy/approval/enrolment.h"
#include "policy/base/random.h"
#include "policy/credential/throttle.h"
#include "portal/approve/handlers.h"
#include "portal/approve/lock.h"
#include "portal/signin/sign_in_log.h"

/* What the phone says of itself, with the key that it has signed with. */
static struct pl_approval_device *new_device(struct request *request)
{
	struct pl_approval_device *device = &request->device;

	snprintf(device->name, sizeof(device->name), "%s", request_text(request, "name"));
	snprintf(device->created_ip, sizeof(device->created_ip), "%s", request->ip_text);
	return device;
}

static int answer_waiting(struct request *request, struct response *response)
{
	char address[PL_ADDRESS_DISPLAY_MAX + 1];
	struct pl_enrolment enrolment;
	int ret = pl_enrolment_of_key(&request->work, request->device.key, &enrolment);

	if (ret < 0)
		return -1;
	if (ret == 0)
		return respond_json(response, 200, json_pack("{s:s}", "state", "none"));
	return respond_json(response, 200,
			    json_pack("{s:s, s:s, s:s}", "state", "waiting", "number",
				      enrolment.number, "account",
				      pl_address_display(&enrolment.address, address)));
}

static int answer_claimed(struct request *request, struct response *response,
			  enum pl_enrolment_claimed claimed)
{
	switch (claimed) {
	case PL_ENROLMENT_CLAIMED:
		return answer_waiting(request, response);
	case PL_ENROLMENT_TOO_MANY:
		return respond_wait(response, 429, "too-many-issue-codes", PL_ENROLMENT_SECONDS);
	case PL_ENROLMENT_WRONG:
	case PL_ENROLMENT_KNOWN:
		break;
	}
	log_sign_in(request->ip_text, "", "wrong-issue-code");
	return respond_error(response, 422, "wrong-issue-code");
}

int post_claim(struct request *request, struct response *response, struct pl_error *err)
{
	enum pl_enrolment_claimed claimed = PL_ENROLMENT_WRONG;
	unsigned char secret[PL_ENROLMENT_SECRET_BYTES];

	const int ret = lock_register(request, response, err);

	if (ret != 1)
		return ret;
	if (!pl_base64url_read(request_text(request, "secret"), secret, sizeof(secret)))
		return respond_bad_field(response, "secret");
	if (pl_enrolment_claim_commit(&request->work, secret, new_device(request), &claimed) < 0)
		return -1;
	return answer_claimed(request, response, claimed);
}

/* "example.test" and "user", or the whole address in the field of the name. 1 or 0. */
static int read_address(const struct request *request, struct pl_address *address_r)
{
	const char *user = request_text(request, "user");

	return pl_address_parse(user, strlen(user), request_text(request, "institution"), address_r,
				NULL) == 0;
}

/* Guesses are counted for the address that they come from, whatever name they are for, and for the
 * name (policy/credential/throttle.h); those of all addresses together in enrolment.h. */
static int claim_code(struct request *request, struct response *response,
		      const struct pl_address *address, const char *name)
{
	const struct pl_attempt attempt = { .ip = &request->ip, .name = name };
	enum pl_enrolment_claimed claimed;
	int64_t wait;
	int ret = pl_throttle_enter_commit(&request->work, &attempt, &wait);

	if (ret <= 0)
		return ret < 0 ? -1 : respond_wait(response, 429, "too-many-issue-codes", wait);
	if (pl_enrolment_claim_code_commit(&request->work, request->verify, address,
					   request_text(request, "code"), new_device(request),
					   &claimed) < 0)
		return -1;
	if (claimed == PL_ENROLMENT_CLAIMED &&
	    pl_throttle_clear(request->work.store, &attempt, request->work.err) < 0)
		return -1;
	return answer_claimed(request, response, claimed);
}

int post_claim_code(struct request *request, struct response *response, struct pl_error *err)
{
	char name[PL_ADDRESS_MAX + 32] = "issue code of ";
	struct pl_address address;
	const int ret = lock_register(request, response, err);

	if (ret != 1)
		return ret;
	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY,
				    "approval devices need the HMAC key (verify_key)");
	if (!read_address(request, &address))
		return respond_error(response, 422, "wrong-issue-code");
	pl_address_format(&address, name + strlen(name));
	return claim_code(request, response, &address, name);
}

int post_claim_state(struct request *request, struct response *response, struct pl_error *err)
{
	char address[PL_ADDRESS_DISPLAY_MAX + 1];
	struct pl_approval_device device;
	int ret = pl_approval_device_by_key(&request->work, request->device.key, &device);

	(void)err;
	if (ret != 1)
		return ret < 0 ? -1 : answer_waiting(request, response);
	return respond_json(response, 200,
			    json_pack("{s:s, s:n, s:s}", "state", "registered", "number", "account",
				      pl_address_display(&device.address, address)));
}
