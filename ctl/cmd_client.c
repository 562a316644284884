/* cmd_client.c - postlatch client ... */
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "policy/session/application.h"

/* "URI,URI" to the list divided by spaces that is stored. */
static int read_uris(const char *what, const char *text, char *list, struct pl_error *err)
{
	if (text == NULL)
		return 0;
	if (ctl_copy(what, text, list, PL_CLIENT_URIS_MAX + 1, err) < 0)
		return -1;
	for (char *c = list; *c != '\0'; c++) {
		if (*c == ',')
			*c = ' ';
	}
	return 0;
}

/* A client signs members in, or asks about tokens. */
static int check_uses(const struct ctl *ctl, struct pl_error *err)
{
	if (ctl->option[CTL_OPTION_INTROSPECTION] == NULL)
		return ctl->option[CTL_OPTION_REDIRECT_URI] != NULL
			       ? 0
			       : pl_error_set(err, PL_ERR_INVALID,
					      "client add needs --redirect-uri URI, where the "
					      "client receives its authorization codes");
	if (ctl->option[CTL_OPTION_REDIRECT_URI] != NULL || ctl->option[CTL_OPTION_PUBLIC] != NULL)
		return pl_error_set(err, PL_ERR_INVALID,
				    "a client for --introspection signs nobody in and has a "
				    "secret: "
				    "it takes neither --redirect-uri nor --public");
	return 0;
}

static int read_client(const struct ctl *ctl, struct pl_oauth_client *client, struct pl_error *err)
{
	const char *name = ctl->option[CTL_OPTION_NAME], *channel = ctl->option[CTL_OPTION_CHANNEL],
		   *alg = ctl->option[CTL_OPTION_ID_TOKEN_ALG];

	memset(client, 0, sizeof(*client));
	client->confidential = ctl->option[CTL_OPTION_PUBLIC] == NULL;
	client->channel = PL_CHANNEL_WEBMAIL;
	if (channel != NULL && ctl_channel(channel, &client->channel, err) < 0)
		return -1;
	if (alg != NULL && pl_signing_alg_find(alg, &client->id_token_alg) < 0)
		return pl_error_set(err, PL_ERR_INVALID, "--id-token-alg %s: it is RS256 or ES256",
				    alg);
	if (check_uses(ctl, err) < 0)
		return -1;
	if (ctl_copy("the ID", ctl->args[0], client->id, sizeof(client->id), err) < 0 ||
	    ctl_copy("--name", name != NULL ? name : ctl->args[0], client->name,
		     sizeof(client->name), err) < 0)
		return -1;
	return read_uris("--redirect-uri", ctl->option[CTL_OPTION_REDIRECT_URI],
			 client->redirect_uris, err) < 0
		       ? -1
		       : read_uris("--logout-uri", ctl->option[CTL_OPTION_LOGOUT_URI],
				   client->logout_uris, err);
}

static json_t *uris_json(const char *list)
{
	json_t *json = json_array();

	while (*(list += strspn(list, " ")) != '\0') {
		size_t len = strcspn(list, " ");

		json_array_append_new(json, json_stringn(list, len));
		list += len;
	}
	return json;
}

static json_t *client_json(const struct pl_oauth_client *client)
{
	return json_pack("{s:s, s:s, s:b, s:s, s:o, s:o, s:s, s:b, s:b, s:I}", "id", client->id,
			 "name", client->name, "confidential", client->confidential, "channel",
			 pl_channel_name(client->channel), "redirect_uris",
			 uris_json(client->redirect_uris), "logout_uris",
			 uris_json(client->logout_uris), "id_token_alg",
			 pl_signing_alg_name(client->id_token_alg), "mail_implied",
			 client->mail_implied, "registered_itself",
			 client->registered_from[0] != '\0', "created_at",
			 (json_int_t)client->created_at);
}

static int show_added(const struct ctl *ctl, const struct pl_oauth_client *client,
		      const struct pl_secret *secret, struct pl_error *err)
{
	json_t *json;

	if (!ctl->json) {
		if (client->confidential)
			printf("%s\n\nThis is the secret of client %s. It is not shown again.\n",
			       (const char *)secret->data, client->id);
		else
			printf("added the public client %s; it must use PKCE\n", client->id);
		return CTL_DONE;
	}
	json = client_json(client);
	if (client->confidential)
		json_object_set_new(json, "secret", json_string((const char *)secret->data));
	return ctl_print_json(json, err);
}

int cmd_client_add(struct ctl *ctl, struct pl_error *err)
{
	struct pl_oauth_client client;
	struct pl_secret secret = { .len = 0 };
	int ret;

	if (read_client(ctl, &client, err) < 0 || pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	ret = pl_oauth_client_get(ctl->work.store, client.id, &(struct pl_oauth_client){ .id = "" },
				  err);
	if (ret == 1)
		ret = pl_error_set(err, PL_ERR_CONFLICT, "the client %s already exists", client.id);
	/* A client without the keys could not sign anybody in. */
	if (ret == 0 && pl_signing_keys_make(&ctl->work, ctl->seal) < 0)
		ret = -1;
	if (ret == 0)
		ret = pl_oauth_client_add(&ctl->work, &client, &secret);
	ret = ctl_finish_write(ctl, ret, err);
	if (ret == 0)
		ret = show_added(ctl, &client, &secret, err);
	pl_secret_wipe(&secret);
	return ret;
}

static int list_json(const struct pl_oauth_client *client, void *context)
{
	json_array_append_new(context, client_json(client));
	return 0;
}

static int list_text(const struct pl_oauth_client *client, void *context)
{
	char created[32];

	(void)context;
	printf("%s (", client->id);
	ctl_put(stdout, client->name[0] != '\0' ? client->name : "no name");
	printf("): %s, channel %s, ID tokens with %s, since %s\n",
	       client->confidential ? "confidential" : "public", pl_channel_name(client->channel),
	       pl_signing_alg_name(client->id_token_alg),
	       ctl_time(client->created_at, created, sizeof(created)));
	printf("       %s%s\n",
	       client->redirect_uris[0] != '\0' ? "redirect URIs: " : "only asks about tokens",
	       client->redirect_uris);
	if (client->logout_uris[0] != '\0')
		printf("       log-out URIs: %s\n", client->logout_uris);
	if (client->registered_from[0] != '\0')
		printf("       has registered itself from %s, nobody has verified its name\n",
		       client->registered_from);
	if (client->mail_implied)
		puts("       has the scope mail without asking for it");
	return 0;
}

int cmd_client_list(struct ctl *ctl, struct pl_error *err)
{
	json_t *json;

	if (!ctl->json)
		return pl_oauth_client_list(ctl->work.store, list_text, NULL, err);
	json = json_array();
	if (pl_oauth_client_list(ctl->work.store, list_json, json, err) < 0) {
		json_decref(json);
		return -1;
	}
	return ctl_print_json(json, err);
}

/* What ends with a client: a disconnection for each member. */
struct ending {
	struct disconnection *of;
	size_t count, room;
	int no_memory;
};

static int add_application(const struct pl_application *application, void *context)
{
	const struct pl_address *address = &application->session.address;
	struct ending *ending = context;
	struct disconnection *last = ending->of + ending->count - 1;

	if (ending->count == 0 || strcmp(last->address.local, address->local) != 0 ||
	    strcmp(last->address.domain, address->domain) != 0) {
		if (ending->count == ending->room) {
			const size_t room = ending->room == 0 ? 16 : 2 * ending->room;
			struct disconnection *of = realloc(ending->of, room * sizeof(*of));

			ending->no_memory = of == NULL;
			if (of == NULL)
				return 1;
			ending->of = of;
			ending->room = room;
		}
		last = ending->of + ending->count++;
		memset(last, 0, sizeof(*last));
	}
	disconnection_add_session(last, &application->session);
	return 0;
}

/* Values as pl_oauth_client_remove. */
static int remove_client(struct ctl *ctl, struct ending *ending, struct pl_error *err)
{
	if (pl_application_list_of_client(&ctl->work, ctl->args[0], add_application, ending) < 0)
		return -1;
	if (ending->no_memory)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return pl_oauth_client_remove(&ctl->work, ctl->args[0]);
}

int cmd_client_remove(struct ctl *ctl, struct pl_error *err)
{
	struct ending ending = { .of = NULL };
	int ret = pl_store_begin_write(ctl->work.store, err);

	if (ret < 0)
		return -1;
	ret = remove_client(ctl, &ending, err);
	if (ret == 0)
		ret = pl_error_set(err, PL_ERR_CONFLICT,
				   "no such client: %.64s; `postlatch client list` "
				   "shows them",
				   ctl->args[0]);
	ret = ctl_finish_write(ctl, ret, err);
	for (size_t i = 0; ret >= 0 && i < ending.count; i++)
		ctl_disconnect(ctl, &ending.of[i]);
	free(ending.of);
	if (ret < 0)
		return -1;
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s}", "removed", ctl->args[0]), err);
	printf("removed the client %s and revoked its tokens\n", ctl->args[0]);
	return CTL_DONE;
}
