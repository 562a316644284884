/* client.c - authentication of OAuth clients (RFC 6749 2.3). */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "portal/http/form.h"
#include "portal/oauth/oauth.h"

#define CREDENTIALS_MAX 2048 /* of the Basic header, as sent */

struct credentials {
	char text[CREDENTIALS_MAX + 1]; /* id, and the secret behind its NUL */
	const char *id, *secret;        /* NULL: none */
};

enum reading { READ_ONE, READ_NONE, READ_TWO };

/* "Basic BASE64(ID:SECRET)", both form-encoded. 1, or 0. */
static int read_basic(const char *header, struct credentials *credentials)
{
	size_t len = strlen(header);
	int decoded;
	char *colon;

	if (len % 4 != 0 || len > CREDENTIALS_MAX || len == 0)
		return 0;
	decoded = EVP_DecodeBlock((unsigned char *)credentials->text, (const unsigned char *)header,
				  (int)len);
	if (decoded < 0)
		return 0;
	/* The padding is decoded too, as NULs; one elsewhere is none of ours. */
	credentials->text[decoded] = '\0';
	decoded -= (header[len - 1] == '=') + (header[len - 2] == '=');
	if (strlen(credentials->text) != (size_t)decoded ||
	    (colon = strchr(credentials->text, ':')) == NULL)
		return 0;
	*colon = '\0';
	credentials->id = credentials->text;
	credentials->secret = colon + 1;
	return form_decode(credentials->text) == 0 && form_decode(colon + 1) == 0;
}

/* One way at a time: who sends two may have been made to send one of them. */
static enum reading read_credentials(const struct request *request, struct credentials *credentials)
{
	const char *id = oauth_parameter(request, "client_id");
	const char *secret = oauth_parameter(request, "client_secret");

	if (request->authorization == NULL) {
		credentials->id = id;
		credentials->secret = secret;
		return id != NULL ? READ_ONE : READ_NONE;
	}
	if (secret != NULL)
		return READ_TWO;
	if (strncasecmp(request->authorization, "Basic ", 6) != 0 ||
	    !read_basic(request->authorization + 6, credentials))
		return READ_NONE;
	return id == NULL || strcmp(id, credentials->id) == 0 ? READ_ONE : READ_TWO;
}

/* 1 right, 0 wrong or none, -1 error. */
static int check_secret(const struct request *request, const struct credentials *credentials,
			struct pl_error *err)
{
	struct pl_secret secret;
	int ret;

	if (credentials->secret == NULL || credentials->secret[0] == '\0' ||
	    pl_secret_set(&secret, credentials->secret, strlen(credentials->secret)) < 0)
		return 0;
	ret = pl_oauth_client_check(request->work.store, credentials->id, &secret, err);
	pl_secret_wipe(&secret);
	return ret;
}

/* A public client does not authenticate; a secret that it sends must be wrong. */
static int identify(struct request *request, const struct credentials *credentials, int public_too,
		    struct pl_error *err)
{
	const int has_secret = credentials->secret != NULL && credentials->secret[0] != '\0';
	int authenticated = check_secret(request, credentials, err), known;

	if (authenticated < 0)
		return -1;
	request->client = calloc(1, sizeof(*request->client));
	if (request->client == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	known = pl_oauth_client_get(request->work.store, credentials->id, request->client, err);
	if (known <= 0)
		return known;
	return authenticated || (public_too && !request->client->confidential && !has_secret);
}

static int refuse(struct response *response)
{
	response->authenticate = "Basic realm=\"postlatch\"";
	return oauth_error(response, 401, "invalid_client", "client authentication failed");
}

int client_admit(struct request *request, struct response *response, int public_too,
		 struct pl_error *err)
{
	struct credentials credentials;
	int ret = 0;

	switch (read_credentials(request, &credentials)) {
	case READ_TWO:
		return oauth_error(response, 400, "invalid_request",
				   "the client must use one authentication method only");
	case READ_ONE:
		ret = identify(request, &credentials, public_too, err);
		break;
	case READ_NONE:
		break;
	}
	OPENSSL_cleanse(&credentials, sizeof(credentials));
	if (ret == 1)
		request->work.actor.who = request->client->id;
	return ret == 0 ? refuse(response) : ret;
}
