/* member_state.h - a member's own settings as a number, by which lists of members are filtered;
 * private to the library.
 *
 * Each setting has a bit for each value that a member may have of its own, and one for having none;
 * one of them is 1. Two more bits tell whether the member has any setting of its own. So whether a
 * member has none of certain values is one comparison: (state & bits) = 0. The columns state,
 * dated_state, dated_from and required_from of the table are written wherever the settings are.
 */
#ifndef POSTLATCH_MEMBER_STATE_H
#define POSTLATCH_MEMBER_STATE_H

#include "policy/settings/setting.h"
#include "policy/store/work.h"

#define PL_STATE_INHERITS_ALL INT64_C(1)
#define PL_STATE_HAS_OWN INT64_C(2)
#define PL_STATE_BITS 45 /* so many have a meaning */

struct pl_member_state {
	/* A value that has a date counts as none. */
	int64_t now;
	/* From the day on which client_password holds, if that has a date (policy/base/day.h). 0:
	 * it has none. */
	int64_t dated;
	int32_t from;
	/* The day from which two_factor_requirement=required holds, if that has a date. */
	int32_t required_from;
};

/* The bit of a value of the setting; PL_UNSET for that of having none of its own. 0 when a member
 * cannot have the value. */
int64_t pl_member_state_bit(enum pl_setting setting, enum pl_value value);
struct pl_member_state pl_member_state_of(const struct pl_settings *own);

/* To be called when the member's second factor or app passwords have changed, in the same
 * transaction: the columns factor and app_password_day follow. 0 or -1. */
int pl_member_state_credentials(const struct pl_work *work, int64_t member_id);

#endif
