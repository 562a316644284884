/* push.h - waking a member's phone when a sign-in waits (Web Push: RFC 8030, RFC 8292).
 *
 * A phone may give the address at which its browser's push service takes messages for it. What is
 * sent there has no content: it tells the service that something waits, and neither of whom nor
 * what; the phone's page then asks the portal, as it does without any push service.
 *
 * The address comes from a browser. Only those of the services that the operator has named
 * (web_push_services) are kept and asked, and only under https and the service's own port.
 *
 * A message is a row of the outbox (policy/outbox/outbox.h) that names the phone. The key that the
 * portal signs with (VAPID) is sealed with the outbox key, so that portal and sender can open it.
 * Without an outbox key there is none, and no phone is woken.
 */
#ifndef POSTLATCH_APPROVAL_PUSH_H
#define POSTLATCH_APPROVAL_PUSH_H

#include "policy/approval/device.h"
#include "policy/outbox/outbox.h"
#include "policy/session/signing_key.h"

#define PL_PUSH_KIND "push"
#define PL_PUSH_ENDPOINT 512 /* bytes of an address */
#define PL_PUSH_HOST 255
#define PL_PUSH_KEY_BYTES 65 /* an uncompressed point of P-256 */

/* Whether an address is one of the services in a list of their names,
 * "push.example, *.example.net"; host_r is its host, and may be NULL. 1 or 0. */
int pl_push_is_allowed(const char *services, const char *endpoint, char host_r[PL_PUSH_HOST + 1]);

/* The key that messages are signed with, for the caller to wipe. 1, 0 there is none that can be
 * opened, -1: PL_ERR_RETRY without the outbox key. */
int pl_push_key_get(const struct pl_work *work, struct pl_signing_key *key_r);
/* The same; makes it when there is none. In the caller's write transaction. 0, or -1. */
int pl_push_key_make(const struct pl_work *work, struct pl_signing_key *key_r);
/* Its public half, as browsers ask for it (applicationServerKey) and services are told (RFC 8292
 * 3.2). 0, or -1. */
int pl_push_key_public(const EVP_PKEY *key, unsigned char point_r[PL_PUSH_KEY_BYTES]);

/* Where a phone can be woken from now on; "" for nowhere. In the caller's write transaction. 0, or
 * -1. */
int pl_push_set(const struct pl_work *work, const struct pl_approval_device *device,
		const char *endpoint);
/* Wakes those phones of the member that have an address. In the caller's write transaction; it is
 * not sent later than life seconds from now. 0, or -1. */
int pl_push_wake(const struct pl_work *work, int64_t member_id, int64_t life);

/* Where a message is to be sent. 1, 0 the phone cannot be woken any more, -1. */
int pl_push_endpoint(const struct pl_work *work, const struct pl_message *message,
		     char endpoint_r[PL_PUSH_ENDPOINT + 1]);
/* The service does not know the phone any more. In the caller's write transaction. 0, or -1. */
int pl_push_forget(const struct pl_work *work, const struct pl_message *message);

#endif
