/* cmd_link.c - postlatch link ... */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "policy/attachment/link_password.h"
#include "policy/attachment/quota.h"
#include "policy/base/utf8.h"

static const char *state_of(const struct pl_link *link, int64_t now)
{
	return link->withdrawn_at != 0   ? "withdrawn"
	       : link->expires_at <= now ? "expired"
					 : "valid";
}

struct listing {
	const struct pl_work *work;
	json_t *json; /* NULL: text */
	int failed;
};

static int file_text(const struct pl_link_file *file, void *context)
{
	(void)context;
	printf("       ");
	ctl_put(stdout, file->name);
	printf("  %lld bytes, downloaded %lld times%s\n", (long long)file->size,
	       (long long)file->downloads, file->is_scanned ? "" : ", not scanned");
	return 0;
}

static int file_json(const struct pl_link_file *file, void *context)
{
	json_array_append_new(context, json_pack("{s:s, s:s, s:I, s:b, s:b, s:I}", "name",
						 file->name, "type", file->type, "size",
						 (json_int_t)file->size, "scanned",
						 file->is_scanned, "stored", file->blob[0] != '\0',
						 "downloads", (json_int_t)file->downloads));
	return 0;
}

static int list_text(const struct listing *listing, const struct pl_link *link)
{
	char member[PL_ADDRESS_MAX + 1], until[64];

	printf("%lld  ", (long long)link->id);
	ctl_put(stdout, pl_address_format(&link->owner, member));
	printf("  %s, until %s, each file at most %lld times\n", state_of(link, listing->work->now),
	       ctl_time(link->expires_at, until, sizeof(until)), (long long)link->downloads_most);
	return pl_link_files(listing->work, link->id, file_text, NULL);
}

static int list_json(const struct listing *listing, const struct pl_link *link)
{
	char member[PL_ADDRESS_MAX + 1];
	json_t *files = json_array();
	const int ret = pl_link_files(listing->work, link->id, file_json, files);

	json_array_append_new(listing->json,
			      json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:o}", "id",
					(json_int_t)link->id, "member",
					pl_address_format(&link->owner, member), "origin",
					link->origin == PL_LINK_OF_UPLOAD ? "upload" : "mail",
					"state", state_of(link, listing->work->now), "made_at",
					(json_int_t)link->made_at, "expires_at",
					(json_int_t)link->expires_at, "downloads_most",
					(json_int_t)link->downloads_most, "files", files));
	return ret;
}

static int list_one(const struct pl_link *link, void *context)
{
	struct listing *listing = context;

	if ((listing->json != NULL ? list_json(listing, link) : list_text(listing, link)) < 0)
		listing->failed = 1;
	return listing->failed;
}

int cmd_link_list(struct ctl *ctl, struct pl_error *err)
{
	struct listing listing = { .work = &ctl->work };
	char domain[PL_DOMAIN_MAX + 1];
	const char *option = ctl->option[CTL_OPTION_DOMAIN];
	int ret;

	if (option != NULL && pl_domain_parse(option, domain, err) < 0)
		return pl_error_prefix(err, "--domain %.100s", option);
	if (ctl->json)
		listing.json = json_array();
	ret = pl_link_list(&ctl->work, option == NULL ? NULL : domain, list_one, &listing);
	if (ret == 0 && !listing.failed)
		return listing.json == NULL ? CTL_DONE : ctl_print_json(listing.json, err);
	json_decref(listing.json);
	return -1;
}

/* The link of args[0]: 0, or -1. */
static int find_link(const struct ctl *ctl, struct pl_link *link_r, struct pl_error *err)
{
	char *end;
	const int64_t id = strtoll(ctl->args[0], &end, 10);
	int ret;

	if (id <= 0 || *end != '\0')
		return pl_error_set(err, PL_ERR_INVALID,
				    "\"%.32s\" is not an ID; `postlatch link list` shows them",
				    ctl->args[0]);
	ret = pl_link_get(&ctl->work, id, link_r);
	if (ret == 0)
		return pl_error_set(err, PL_ERR_CONFLICT, "no such link: %lld", (long long)id);
	return ret < 0 ? -1 : 0;
}

/* ret: what a change of the link has returned; 0 is that it has ended. */
static int changed(const struct ctl *ctl, const struct pl_link *link, int ret, struct pl_error *err)
{
	return ret != 0 ? ret
			: pl_error_set(err, PL_ERR_CONFLICT, "link %lld is %s already",
				       (long long)link->id, state_of(link, ctl->work.now));
}

static int withdraw(const struct ctl *ctl, struct pl_error *err)
{
	struct pl_link link;

	if (find_link(ctl, &link, err) < 0)
		return -1;
	return changed(ctl, &link, pl_link_withdraw(&ctl->work, &link), err);
}

int cmd_link_withdraw(struct ctl *ctl, struct pl_error *err)
{
	if (pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	return ctl_finish_write(ctl, withdraw(ctl, err), err) < 0 ? -1 : CTL_DONE;
}

/* "": none. */
static int set_password(const struct ctl *ctl, const char *password, struct pl_error *err)
{
	struct pl_link link;

	if (find_link(ctl, &link, err) < 0)
		return -1;
	return changed(ctl, &link, pl_link_set_password(&ctl->work, ctl->keys, &link, password),
		       err);
}

static int has_control_character(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
			return 1;
	}
	return 0;
}

/* What a line of standard input has, as the member's page would take it: 0, or -1. */
static int check_line(char *text, size_t len, struct pl_error *err)
{
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len == 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "standard input has no password; --remove takes one away");
	if (!pl_is_utf8_text(text, len) || has_control_character(text, len))
		return pl_error_set(err, PL_ERR_INVALID,
				    "a password of a link is one line of UTF-8 without control "
				    "characters");
	return 0;
}

static int write_password(struct ctl *ctl, const char *password, struct pl_error *err)
{
	if (pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	return ctl_finish_write(ctl, set_password(ctl, password, err), err);
}

int cmd_link_password(struct ctl *ctl, struct pl_error *err)
{
	size_t len;
	char *text;
	int ret;

	if (ctl->option[CTL_OPTION_REMOVE] != NULL)
		return write_password(ctl, "", err) < 0 ? -1 : CTL_DONE;
	if (ctl_read_input("-", PL_LINK_PASSWORD_MAX + 1, &text, &len, err) < 0)
		return -1;
	ret = check_line(text, len, err);
	if (ret == 0)
		ret = write_password(ctl, text, err);
	OPENSSL_cleanse(text, len);
	free(text);
	return ret < 0 ? -1 : CTL_DONE;
}

static int set_domain_quota(struct ctl *ctl, int64_t bytes, struct pl_error *err)
{
	char name[PL_DOMAIN_MAX + 1];
	struct pl_domain domain;
	int ret;

	if (pl_domain_parse(ctl->args[0], name, err) < 0)
		return -1;
	ret = pl_domain_get(ctl->work.store, name, &domain, err);
	if (ret == 0)
		return pl_error_set(err, PL_ERR_CONFLICT, "no such domain: %s", name);
	return ret < 0 ? -1 : pl_quota_set_domain(&ctl->work, &domain, bytes);
}

static int set_member_quota(struct ctl *ctl, int64_t bytes, struct pl_error *err)
{
	struct pl_account account;

	return ctl_member(ctl, &account, err) < 0
		       ? -1
		       : pl_quota_set_member(&ctl->work, &account, bytes);
}

int cmd_link_quota(struct ctl *ctl, struct pl_error *err)
{
	int64_t bytes = 0;
	int ret;

	if (pl_quota_parse(ctl->args[1], &bytes, err) < 0 ||
	    pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	ret = strchr(ctl->args[0], '@') != NULL ? set_member_quota(ctl, bytes, err)
						: set_domain_quota(ctl, bytes, err);
	return ctl_finish_write(ctl, ret, err) < 0 ? -1 : CTL_DONE;
}
