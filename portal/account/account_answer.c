/* account_answer.c - see account_answer.h. */
#include "portal/account/account_answer.h"

#include "policy/credential/factor.h"
#include "policy/session/last_access.h"
#include "policy/settings/services.h"
#include "portal/signin/factor.h"
#include "portal/signin/guards.h"

/* What is being listed, and for whom. */
struct listing {
	const struct request *request;
	json_t *rows;
};

static int add_device(const struct pl_trusted *device, void *context)
{
	const struct listing *listing = context;

	return json_array_append_new(listing->rows,
				     json_pack("{s:I, s:s, s:I, s:I, s:s, s:I, s:b}", "id",
					       (json_int_t)device->id, "name", device->name,
					       "created_at", (json_int_t)device->created_at,
					       "used_at", (json_int_t)device->used_at, "ip",
					       device->ip, "expires_at",
					       (json_int_t)device->expires_at, "current",
					       device->id == listing->request->session.trusted_id));
}

int account_add_devices(const struct request *request, int64_t member_id, json_t *rows)
{
	struct listing listing = { request, rows };

	return pl_trusted_list(&request->work, member_id, add_device, &listing);
}

static int add_session(const struct pl_session *session, void *context)
{
	const struct listing *listing = context;

	/* Those of connected applications have a list of their own. */
	if (session->channel != PL_CHANNEL_WEBMAIL)
		return 0;
	return json_array_append_new(listing->rows,
				     json_pack("{s:I, s:s, s:I, s:I, s:s, s:b}", "id",
					       (json_int_t)session->id, "name", session->device,
					       "seen_at", (json_int_t)session->seen_at,
					       "created_at", (json_int_t)session->created_at, "ip",
					       session->ip, "current",
					       session->id == listing->request->session.id));
}

int account_add_sessions(const struct request *request, int64_t member_id, json_t *rows)
{
	struct listing listing = { request, rows };

	return pl_session_list(&request->work, member_id, add_session, &listing);
}

static json_t *factor_of(const struct pl_factor_state *state, unsigned int open)
{
	if (state->kinds == 0)
		return json_pack("{s:b, s:o, s:o, s:n, s:n, s:i, s:b}", "registered", 0, "kinds",
				 json_array(), "allowed", factor_names(open), "registered_at",
				 "registered_ip", "recovery_codes", 0, "recovery_kept", 1);
	return json_pack("{s:b, s:o, s:o, s:I, s:s, s:i, s:b}", "registered", 1, "kinds",
			 factor_names(state->kinds), "allowed", factor_names(open), "registered_at",
			 (json_int_t)state->registered_at, "registered_ip", state->registered_ip,
			 "recovery_codes", state->recovery_codes, "recovery_kept",
			 state->recovery_kept);
}

static int get_layers(struct request *request, struct pl_layers *layers_r, struct pl_error *err)
{
	struct pl_account *account;

	if (request_account(request, &account, err) < 0)
		return -1;
	pl_account_layers(account, request->policy, request->work.now, layers_r);
	return 0;
}

int account_resolve(struct request *request, enum pl_setting setting,
		    struct pl_resolved *resolved_r, struct pl_error *err)
{
	struct pl_layers layers;

	if (get_layers(request, &layers, err) < 0)
		return -1;
	*resolved_r = pl_resolve(&layers, setting);
	return 0;
}

int account_reauthenticated(struct request *request, unsigned int proof)
{
	if (pl_session_reauthenticated(&request->work, request->session.id, proof) < 0)
		return -1;
	request->session.reauthenticated_at = request->work.now;
	return 0;
}

int account_check_two_factor_on(struct request *request, struct response *response,
				struct pl_error *err)
{
	struct pl_resolved two_factor;

	if (account_resolve(request, PL_SETTING_TWO_FACTOR, &two_factor, err) < 0)
		return -1;
	return two_factor.value == PL_ON ? 1 : respond_error(response, 403, "not-allowed");
}

static json_t *access_json(const struct pl_last_access *access)
{
	return access->at == 0 ? json_null()
			       : json_pack("{s:I, s:s, s:s}", "at", (json_int_t)access->at, "ip",
					   access->ip, "device", access->device);
}

static json_t *pack(struct request *request, const struct pl_layers *layers,
		    const struct pl_factor_state *state, const struct pl_last_access *access,
		    json_t *devices, json_t *sessions)
{
	struct pl_resolved mode = pl_resolve(layers, PL_SETTING_TWO_FACTOR_MODE);
	char address[PL_ADDRESS_DISPLAY_MAX + 1];

	return json_pack("{s:s, s:o, s:o, s:b, s:s, s:s, s:s, s:b, s:b, s:o, s:o}", "address",
			 pl_address_display(&request->session.address, address), "factor",
			 factor_of(state, factor_kinds_open(request, &request->account)),
			 "last_access", access_json(access), "two_factor",
			 pl_resolve(layers, PL_SETTING_TWO_FACTOR).value == PL_ON,
			 "two_factor_requirement",
			 pl_value_name(pl_resolve(layers, PL_SETTING_TWO_FACTOR_REQUIREMENT).value),
			 "two_factor_mode", pl_value_name(mode.value), "two_factor_mode_source",
			 pl_source_name(mode.source), "opted_out",
			 request->account.member.opted_out, "reauthenticated",
			 is_reauthenticated(request), "devices", devices, "sessions", sessions);
}

int answer_account(struct request *request, struct response *response, struct pl_error *err)
{
	const int64_t member_id = request->session.member_id;
	json_t *devices = json_array(), *sessions = json_array();
	struct pl_last_access access;
	struct pl_factor_state state;
	struct pl_layers layers;

	if (get_layers(request, &layers, err) < 0 ||
	    pl_session_last_access(&request->work, &request->session,
				   request->account.member.created_at, &access) < 0 ||
	    pl_factor_state(&request->work, member_id, &state) < 0 ||
	    account_add_devices(request, member_id, devices) < 0 ||
	    account_add_sessions(request, member_id, sessions) < 0) {
		json_decref(devices);
		json_decref(sessions);
		return -1;
	}
	return respond_json(response, 200,
			    pack(request, &layers, &state, &access, devices, sessions));
}

json_t *account_services(unsigned int services)
{
	json_t *names = json_array();
	enum pl_setting service;

	for (size_t i = 0; (service = pl_client_service(i)) != PL_SETTING_COUNT; i++) {
		if (pl_services_cover(services, service))
			json_array_append_new(names, json_string(pl_setting_info(service)->name));
	}
	return names;
}

int account_services_on(struct request *request, unsigned int *services_r, struct pl_error *err)
{
	struct pl_resolved resolved;
	enum pl_setting service;

	*services_r = PL_SERVICES_NONE;
	for (size_t i = 0; (service = pl_client_service(i)) != PL_SETTING_COUNT; i++) {
		if (account_resolve(request, service, &resolved, err) < 0)
			return -1;
		if (resolved.value == PL_ON)
			*services_r |= 1u << service;
	}
	return 0;
}
