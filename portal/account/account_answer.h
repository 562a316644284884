/* account_answer.h - everything that the account page shows. */
#ifndef POSTLATCH_PORTAL_ACCOUNT_ANSWER_H
#define POSTLATCH_PORTAL_ACCOUNT_ANSWER_H

#include "policy/credential/app_password.h"
#include "policy/credential/trusted.h"
#include "policy/session/application.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

/* Answers with the account object as it is now. */
int answer_account(struct request *request, struct response *response, struct pl_error *err);
/* Its member's settings. 0, or -1. */
int account_resolve(struct request *request, enum pl_setting setting,
		    struct pl_resolved *resolved_r, struct pl_error *err);
/* A row of a list of the member's; current: the request came from there. */
json_t *account_device_json(const struct request *request, const struct pl_trusted *device);
json_t *account_session_json(const struct request *request, const struct pl_session *session);
json_t *account_app_password_json(const struct pl_app_password *app_password);
json_t *account_application_json(const struct pl_application *application);
/* The names of a set of services of mail clients, as a list. */
json_t *account_services(unsigned int services);
/* The services of mail clients that are on for the member, with PL_SERVICES_NONE. 0, or -1. */
int account_services_on(struct request *request, unsigned int *services_r, struct pl_error *err);

#endif
