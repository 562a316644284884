/* usage.h - how much of large attachments is stored, and was sent, by member and domain.
 *
 * This room owns the table attachment_traffic: the files that were downloaded to their last byte
 * (download.h), by day and owner, with nothing of who has fetched them. It is kept for count_days,
 * whatever becomes of the links. Stored is what can be fetched, as pl_link_room() counts it.
 */
#ifndef POSTLATCH_USAGE_H
#define POSTLATCH_USAGE_H

#include "policy/attachment/quota.h"

#define PL_USAGE_DAYS 30

struct pl_usage {
	int64_t bytes, links;    /* stored, and the links to it */
	int64_t downloads, sent; /* of the last PL_USAGE_DAYS days; sent in bytes */
	int64_t own_quota;       /* in bytes, or PL_QUOTA_... */
};

/* 1; 0 there is none with this id; -1. */
int pl_usage_member(const struct pl_work *work, int64_t member_id, struct pl_usage *usage_r);
int pl_usage_domain(const struct pl_work *work, int64_t domain_id, struct pl_usage *usage_r);
/* Calls each for up to most members of a domain who have something stored, those with the most
 * first, until it returns non-zero. 0, or -1. */
int pl_usage_largest(const struct pl_work *work, int64_t domain_id, int64_t most,
		     int (*each)(const struct pl_address *member, const struct pl_usage *usage,
				 void *context),
		     void *context);

#endif
