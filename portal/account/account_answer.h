/* account_answer.h - everything that the account page shows. */
#ifndef POSTLATCH_PORTAL_ACCOUNT_ANSWER_H
#define POSTLATCH_PORTAL_ACCOUNT_ANSWER_H

#include "policy/approval/device.h"
#include "policy/credential/app_password.h"
#include "policy/credential/trusted.h"
#include "policy/session/application.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

/* Answers with the account object as it is now. */
int answer_account(struct request *request, struct response *response, struct pl_error *err);
/* The member has just proved who it is: the session knows. proof is that of a second factor, as
 * pl_session has it, or 0 of the password. 0, or -1 and the request's error. */
int account_reauthenticated(struct request *request, unsigned int proof);
/* Nobody registers what sign-in does not ask for. 1; 0 and the answer; -1. */
int account_check_two_factor_on(struct request *request, struct response *response,
				struct pl_error *err);
/* Its member's settings. 0, or -1. */
int account_resolve(struct request *request, enum pl_setting setting,
		    struct pl_resolved *resolved_r, struct pl_error *err);
/* Appends the member's sessions but those of connected applications, or its trusted devices;
 * current: the request came from there. 0, or -1 and the request's error. */
int account_add_sessions(const struct request *request, int64_t member_id, json_t *rows);
int account_add_devices(const struct request *request, int64_t member_id, json_t *rows);
json_t *account_app_password_json(const struct pl_app_password *app_password);
json_t *account_passkey_json(const struct pl_passkey *passkey);
json_t *account_phone_json(const struct pl_approval_device *phone);
json_t *account_application_json(const struct pl_application *application);
/* The names of a set of services of mail clients, as a list. */
json_t *account_services(unsigned int services);
/* The services of mail clients that are on for the member, with PL_SERVICES_NONE. 0, or -1. */
int account_services_on(struct request *request, unsigned int *services_r, struct pl_error *err);

#endif
