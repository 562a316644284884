/* guards.h - kinds of access that a phone has: it signs what it sends. Values and meaning: struct
 * guard in portal/http/route.h; their names and sentences: portal/guards.def.
 *
 * What is signed is a text of lines: "postlatch-approval-1", the portal's own address, the path,
 * and each field of the route but the signature, in the order of the row, as "name=value". So a
 * signature is good at one portal, for one route and for what stands in the fields; its time must
 * be that of the portal, give or take APPROVE_CLOCK_SECONDS. Whatever changes something can be done
 * once, so that a copy of a request has no effect in that time either. Who approves has also
 * unlocked the phone (lock.h).
 *
 * No cookie is read.
 */
#ifndef POSTLATCH_PORTAL_APPROVE_GUARDS_H
#define POSTLATCH_PORTAL_APPROVE_GUARDS_H

#include "portal/http/request.h"
#include "portal/http/response.h"

#define APPROVE_CLOCK_SECONDS 120

/* A phone with the key in the body, whoever's it is: fills the key of request->device. */
int guard_device_key(struct request *request, struct response *response, struct pl_error *err);
/* The same of a registered device: fills request->device, and the address of its member. */
int guard_device(struct request *request, struct response *response, struct pl_error *err);

#endif
