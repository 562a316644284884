/* link.c - the page of a link, and its buttons.
 *
 * What looks at links before people do, such as the preview of a chat, sends only GET: it sees the
 * page and uses nothing up. The buttons are a form, which gives a ticket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/attachment/link_password.h"
#include "portal/download/handlers.h"
#include "portal/download/link_page.h"
#include "portal/download/open_link.h"

static int is_token(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789-_")] == '\0';
}

/* The link that the path names, which is open: 1; 0 response says why not; -1. */
static int find_link(struct request *request, struct response *response, struct pl_link *link_r)
{
	const char *text = request_parameter(request, "token");
	struct pl_secret token;
	int ret = 0;

	if (is_token(text) && pl_secret_set(&token, text, strlen(text)) == 0) {
		ret = pl_link_find(&request->work, &token, link_r);
		pl_secret_wipe(&token);
	}
	if (ret == 0)
		return respond_link_gone(request, response, LINK_UNKNOWN);
	return ret < 0 ? -1 : is_open_link(request, response, link_r);
}

/* Answers with the page of a link that is open, or as its button. */
typedef int answer_with(struct request *request, struct response *response,
			const struct link_page *page, struct pl_error *err);

static int answer(struct request *request, struct response *response, answer_with *with,
		  struct pl_error *err)
{
	struct link_files *files;
	struct pl_link link;
	int ret = find_link(request, response, &link);

	if (ret != 1)
		return ret;
	files = link_files(request, link.id, err);
	if (files == NULL)
		return -1;
	const struct link_page page = { &link, files->file, files->count,
					request_parameter(request, "token") };

	ret = with(request, response, &page, err);
	free(files);
	return ret;
}

static int show(struct request *request, struct response *response, const struct link_page *page,
		struct pl_error *err)
{
	(void)err;
	return respond_link_page(request, response, page);
}

/* The file that the button names; NULL: none. */
static const struct pl_link_file *chosen(const char *name, const struct link_page *page)
{
	char id[24];

	for (size_t i = 0; i < page->count; i++) {
		snprintf(id, sizeof(id), "%lld", (long long)page->files[i].id);
		if (strcmp(id, name) == 0)
			return &page->files[i];
	}
	return NULL;
}

/* Sends the browser to where the files of a kind are. */
static int send_on(struct request *request, struct response *response, enum ticket_kind kind,
		   int64_t of, struct pl_error *err)
{
	static const char *const folder[] = { [TICKET_OF_FILE] = "/f/", [TICKET_OF_LINK] = "/z/" };
	char location[3 + TICKET_TEXT];

	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	memcpy(location, folder[kind], 3);
	if (ticket_make(request->verify, kind, of, request->work.now, location + 3, err) < 0)
		return -1;
	return respond_redirect(response, location);
}

/* Whether what was sent opens the link: 1; 0 response says that it does not; -1. The ticket that is
 * given then holds for ranges as well. */
static int check_password(struct request *request, struct response *response,
			  const struct link_page *page, struct pl_error *err)
{
	const char *password = request_form(request, "password");
	enum pl_link_try result;
	int64_t wait;

	if (!page->link->has_password)
		return 1;
	if (request->verify == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "the HMAC key cannot be read");
	if (pl_link_try_password_commit(&request->work, request->verify, page->link,
					password == NULL ? "" : password, &result, &wait) < 0)
		return -1;
	switch (result) {
	case PL_LINK_TRY_RIGHT:
		return 1;
	case PL_LINK_TRY_LATER:
		return respond_password_later(request, response, page, wait);
	case PL_LINK_TRY_WRONG:
		break;
	}
	return respond_wrong_password(request, response, page);
}

static int press(struct request *request, struct response *response, const struct link_page *page,
		 struct pl_error *err)
{
	const char *name = request_form(request, "file");
	const struct pl_link_file *file;
	const int ret = check_password(request, response, page, err);

	if (ret != 1)
		return ret;
	if (name != NULL && strcmp(name, "all") == 0)
		return send_on(request, response, TICKET_OF_LINK, page->link->id, err);
	file = name == NULL ? NULL : chosen(name, page);
	if (file == NULL)
		return respond_link_gone(request, response, LINK_UNKNOWN);
	if (pl_link_is_used_up(page->link, file))
		return respond_link_gone(request, response, LINK_USED_UP);
	return send_on(request, response, TICKET_OF_FILE, file->id, err);
}

int get_link_page(struct request *request, struct response *response, struct pl_error *err)
{
	return answer(request, response, show, err);
}

int post_link_page(struct request *request, struct response *response, struct pl_error *err)
{
	return answer(request, response, press, err);
}
