/* targets.h - the members that a bulk command is about. */
#ifndef POSTLATCH_TARGETS_H
#define POSTLATCH_TARGETS_H

#include "ctl/command.h"

struct targets {
	struct pl_address *addresses;
	size_t count, room;
};

/* 0, or -1 when there is no memory. */
int targets_add(struct targets *targets, const struct pl_address *address);
void targets_free(struct targets *targets);
/* Adds whom --stdin names; may wait for a person. */
int targets_from_stdin(const struct ctl *ctl, struct targets *targets, struct pl_error *err);
/* Adds whom --domain and --class name. */
int targets_from_options(struct ctl *ctl, struct targets *targets, struct pl_error *err);
/* --domain and --class as a filter; domain_r holds the folded name. */
int targets_filter(const struct ctl *ctl, struct pl_member_filter *filter_r,
		   char domain_r[PL_DOMAIN_MAX + 1], struct pl_error *err);

#endif
