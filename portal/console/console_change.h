/* console_change.h - how handlers of the administrators' API change something.
 *
 * A change is a function that is called in a write transaction. It returns 1 when it has changed
 * something and answered, 0 when it has answered that it does not, or -1 and the error of
 * request->work. Its context is the handler's. What returns 0 or -1 is taken back, and so is what
 * would shut administrators out (console_lockout.h).
 */
#ifndef POSTLATCH_PORTAL_CONSOLE_CHANGE_H
#define POSTLATCH_PORTAL_CONSOLE_CHANGE_H

#include "policy/outbox/notice.h"
#include "portal/http/request.h"
#include "portal/http/response.h"

typedef int console_change(struct request *request, struct response *response, void *context);

/* Makes a change. 0, or -1: what a handler returns. */
int console_write(struct request *request, struct response *response, console_change *change,
		  void *context);
/* The same for a change of the target, which is read anew in the transaction, as what a guard has
 * read may not hold any more. Answers itself when the member is gone. */
int console_write_member(struct request *request, struct response *response, console_change *change,
			 void *context);
/* The same for a change that may need a reason: that of the body becomes the reason of the audit
 * records. Answers itself when the policy file wants one and there is none. */
int console_write_with_reason(struct request *request, struct response *response,
			      console_change *change, void *context);
/* The reason alone, before console_write(): 1; 0 and the answer. */
int console_take_reason(struct request *request, struct response *response);

/* Whether the policy file allows what a change switches on in that domain: 1; 0 and the answer. */
int console_is_allowed(const struct request *request, struct response *response, const char *domain,
		       const struct pl_change *change);
/* Whether the member is who asks. A program is nobody. */
int console_is_self(const struct request *request, int64_t member_id);
/* What the member is told by mail of what an administrator did: device, "" for none, and the
 * reason; not who it was, nor from where. */
struct pl_notice_origin console_notice(const struct request *request, const char *device);

#endif
