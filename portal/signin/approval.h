/* approval.h - what the sign-in pages and the account pages do alike with approval on a phone: the
 * side of the browser. That of the phone is portal/approve/. */
#ifndef POSTLATCH_PORTAL_APPROVAL_H
#define POSTLATCH_PORTAL_APPROVAL_H

#include "policy/approval/enrolment.h"
#include "policy/approval/request.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

/* Asks the member for the request's session, and answers with the number that the browser shows.
 * 0, or -1. */
int approval_begin(struct request *request, struct response *response, struct pl_error *err);
/* Answers with what has become of it. 0, or -1. */
int approval_state(struct request *request, struct response *response, struct pl_error *err);
/* Redeems the approval in the caller's write transaction: 1; 0 response says that there is none;
 * -1. */
int approval_redeem(struct request *request, struct response *response, struct pl_error *err);

/* Begins the registration of a phone, and answers with QR code and issue code. 0, or -1. */
int approval_begin_registration(struct request *request, struct response *response,
				struct pl_error *err);
/* Answers with what has become of it, and with the number to be compared. 0, or -1. */
int approval_registration_state(struct request *request, struct response *response,
				struct pl_error *err);
/* Registers the phone that shows the number of the body. Values and codes_r as passkey_register. */
int approval_register(struct request *request, struct response *response, json_t **codes_r,
		      struct pl_error *err);

#endif
