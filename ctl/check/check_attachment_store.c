/* check_attachment_store.c - whether files can be kept in the S3-compatible store, and removed from
 * it again. */
#include <grp.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/check/check.h"
#include "policy/attachment/s3.h"

/* Words of the protocol's errors, and what to do about them. */
static const struct {
	const char *code, *advice;
} errors[] = {
	{ "RequestTimeTooSkewed",
	  "the clocks of this machine and of the store differ by more than 15 minutes; set both by "
	  "NTP" },
	{ "InvalidAccessKeyId",
	  "the store does not know the access key; correct the file of attachment_s3_key" },
	{ "SignatureDoesNotMatch",
	  "the secret of the access key is wrong, or a proxy in front of the store changes the "
	  "requests; correct the file of attachment_s3_key" },
	{ "AuthorizationHeaderMalformed",
	  "the store is in another region; correct attachment_s3_region" },
	{ "AccessDenied",
	  "the access key must be allowed to list the bucket, and to read, write and delete "
	  "objects in it" },
	{ "NoSuchBucket", "create the bucket, or correct attachment_s3_url" },
	{ "PermanentRedirect",
	  "the bucket is at another address; correct attachment_s3_url and attachment_s3_region" },
	{ "TemporaryRedirect",
	  "the bucket is at another address; correct attachment_s3_url and attachment_s3_region" },
};

static const char *advice_for(const struct pl_s3 *s3)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].code, pl_s3_code(s3)) == 0)
			return errors[i].advice;
	}
	if (pl_s3_status(s3) == 0)
		return "start it, or correct attachment_s3_url";
	return pl_s3_status(s3) == 403 ? errors[4].advice : "look into its log";
}

static void check_key_file(struct check *check)
{
	const char *path = check->policy->attachment_s3_key;
	const struct group *group = getgrnam("postlatch");
	struct stat st;

	if (stat(path, &st) < 0)
		return; /* the store could not be opened either */
	if (st.st_uid != 0)
		check_find(check, CHECK_FAULT, "the owner of %s is not root; chown root it", path);
	else if (group == NULL || st.st_gid != group->gr_gid || (st.st_mode & 040) == 0)
		check_find(check, CHECK_FAULT,
			   "the group postlatch cannot read %s, so no attachment is stored; chgrp "
			   "postlatch and chmod 640 it",
			   path);
}

static int try_store(struct check *check, struct pl_s3 *s3, struct pl_error *err)
{
	if (pl_s3_probe(s3, err) < 0)
		return -1;
	if (pl_s3_is_versioned(s3))
		check_find(check, CHECK_WARNING,
			   "the bucket of attachment_s3_url keeps versions, so files that were "
			   "withdrawn or have expired are not removed from it; switch versioning "
			   "off, or have the store remove old versions");
	return 0;
}

void check_attachment_store(struct check *check)
{
	const struct pl_policy *policy = check->policy;
	struct pl_error err = { 0 };
	struct pl_s3 *s3;

	if (policy->attachment_s3_url[0] == '\0')
		return;
	if (pl_s3_open(policy, &s3, &err) < 0) {
		check_find(check, CHECK_FAULT, "%s", err.msg);
		return;
	}
	check_key_file(check);
	if (try_store(check, s3, &err) < 0)
		check_find(check, CHECK_FAULT, "%s, so no attachment is stored; %s", err.msg,
			   advice_for(s3));
	else
		check_find(check, CHECK_OK, "files can be stored in %s and removed from it",
			   policy->attachment_s3_url);
	pl_s3_close(&s3);
}
