/* check_attachments.c - whether files that mail links to can be stored, also from webmail, and are
 * removed. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "ctl/check/check.h"
#include "policy/attachment/link.h"
#include "policy/base/day.h"
#include "policy/session/oauth_client.h"

#define MEGABYTE INT64_C(1048576)
#define FREE_LEAST (1024 * MEGABYTE)

/* Cookies do not tell ports apart, so another port is not another name. */
static void check_name(struct check *check)
{
	const struct pl_policy *policy = check->policy;
	char portal[PL_DOMAIN_MAX + 1];
	const char *name = strstr(policy->attachment_url, "://");
	size_t len;

	pl_policy_portal_host(policy, portal);
	name = name == NULL ? policy->attachment_url : name + 3;
	len = strlen(portal);
	if (len > 0 && strncmp(name, portal, len) == 0 && (name[len] == '\0' || name[len] == ':'))
		check_find(check, CHECK_FAULT,
			   "attachment_url has the name of portal_url, so what others have sent "
			   "would be served where members sign in; give it a name of its own");
}

/* 1 when the folder can be looked into. */
static int check_folder(struct check *check, const char *path)
{
	const struct group *group = getgrnam("postlatch");
	struct stat st;

	if (stat(path, &st) < 0) {
		check_find(check, CHECK_FAULT,
			   "%s: %s, so no attachment is stored; systemd-tmpfiles --create makes "
			   "/var/lib/postlatch-files",
			   path, strerror(errno));
		return 0;
	}
	if (group == NULL || st.st_gid != group->gr_gid || (st.st_mode & 02070) != 02070)
		check_find(check, CHECK_FAULT,
			   "the group postlatch cannot write to %s; chgrp postlatch and chmod 2771 "
			   "it",
			   path);
	else if ((st.st_mode & 06) != 0)
		check_find(check, CHECK_FAULT, "others can list or change %s; chmod 2771 it", path);
	else if ((st.st_mode & 01) == 0)
		check_find(check, CHECK_FAULT,
			   "the web server cannot read files in %s; chmod 2771 it", path);
	return 1;
}

static void check_blobs(struct check *check, const struct pl_blobs_state *state, const char *path)
{
	if (state->orphans > 0)
		check_find(check, CHECK_FAULT,
			   "%lld files in %s belong to no link, and were not removed for a day; "
			   "start postlatch-portal, which removes them, and look into its log",
			   (long long)state->orphans, path);
	if (state->free_bytes < FREE_LEAST)
		check_find(check, CHECK_WARNING,
			   "%s has %lld MB free; make room, or attachments are not stored", path,
			   (long long)(state->free_bytes / MEGABYTE));
	check_find(check, CHECK_OK, "%lld files of %lld MB are stored in %s, and %lld MB are free",
		   (long long)state->count, (long long)(state->bytes / MEGABYTE), path,
		   (long long)(state->free_bytes / MEGABYTE));
}

struct uploads {
	const struct check *check;
	int has_webmail;
	char domain[PL_DOMAIN_MAX + 1]; /* the first that has the service */
};

static int find_webmail(const struct pl_oauth_client *client, void *context)
{
	struct uploads *uploads = context;

	uploads->has_webmail |=
		client->channel == PL_CHANNEL_WEBMAIL && !pl_oauth_client_only_introspects(client);
	return uploads->has_webmail;
}

static int find_domain(const struct pl_domain *domain, void *context)
{
	struct uploads *uploads = context;
	const struct check *check = uploads->check;
	struct pl_account account;

	memset(&account, 0, sizeof(account));
	account.domain = *domain;
	snprintf(account.member.address.domain, sizeof(account.member.address.domain), "%s",
		 domain->name);
	if (!domain->active || !pl_link_is_on(&account, check->policy, check->ctl->work.now))
		return 0;
	snprintf(uploads->domain, sizeof(uploads->domain), "%s", domain->name);
	return 1;
}

/* Scripts of webmail send large files to the portal, which takes them from those at the origin of
 * webmail_url alone. */
static void check_uploads(struct check *check)
{
	struct uploads uploads = { .check = check };
	struct pl_error err = { 0 };

	if (check->policy->webmail_url[0] != '\0')
		return;
	if (pl_oauth_client_list(check->store, find_webmail, &uploads, &err) < 0 ||
	    (uploads.has_webmail && pl_domain_list(check->store, find_domain, &uploads, &err) < 0))
		check_find(check, CHECK_FAULT, "%s", err.msg);
	else if (uploads.domain[0] != '\0')
		check_find(check, CHECK_WARNING,
			   "webmail_url is empty, so members of %s cannot send large files from "
			   "webmail, although large_attachments is on; set webmail_url to the "
			   "address of webmail",
			   uploads.domain);
}

int check_attachments(struct check *check)
{
	const char *path = check->policy->attachment_folder;
	struct pl_blobs_state state;
	struct pl_error err = { 0 };
	struct pl_blobs *blobs;

	if (check->policy->attachment_url[0] == '\0')
		return 0;
	check_name(check);
	check_uploads(check);
	check_attachment_store(check);
	if (!check_folder(check, path))
		return 1;
	/* Those of the last day may wait for the next sweep. */
	if (pl_blobs_open(check->policy, NULL, &blobs, &err) < 0) {
		check_find(check, CHECK_FAULT, "%s", err.msg);
		return 1;
	}
	if (pl_blobs_look(blobs, time(NULL) - PL_DAY_SECONDS, pl_link_uses_blob, check->store,
			  &state, &err) < 0)
		check_find(check, CHECK_FAULT, "%s", err.msg);
	else
		check_blobs(check, &state, path);
	pl_blobs_close(&blobs);
	return 1;
}
