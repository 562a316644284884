/* doveadm.c - see doveadm.h. */
#include "dovecot/doveadm.h"

#include <curl/curl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dovecot/doveadm_key.h"

#define PATIENCE_MS 3000L
#define ANSWER_MAX 16384
#define NO_CONNECTIONS 68 /* exit code of doveadm kick */

void doveadm_open(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* The body of an answer. What is longer than any of ours is cut, and then is not JSON. */
struct answer {
	char text[ANSWER_MAX + 1];
	size_t len;
};

static size_t keep_body(char *data, size_t size, size_t count, void *context)
{
	struct answer *answer = context;
	size_t len = size * count, fits = ANSWER_MAX - answer->len;

	memcpy(answer->text + answer->len, data, len < fits ? len : fits);
	answer->len += len < fits ? len : fits;
	answer->text[answer->len] = '\0';
	return len;
}

static int post(const char *url, const char *authorization, const char *body,
		struct answer *answer_r, struct pl_error *err)
{
	struct curl_slist *headers = curl_slist_append(NULL, authorization);
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_OUT_OF_MEMORY;
	long status = 0;

	answer_r->len = 0;
	answer_r->text[0] = '\0';
	if (curl != NULL && headers != NULL) {
		curl_easy_setopt(curl, CURLOPT_URL, url);
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_body);
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer_r);
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, PATIENCE_MS);
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
		code = curl_easy_perform(curl);
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	}
	curl_easy_cleanup(curl);
	if (headers != NULL)
		OPENSSL_cleanse(headers->data, strlen(headers->data));
	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		return pl_error_set(err, PL_ERR_RETRY, "%s", curl_easy_strerror(code));
	if (status == 401)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "it does not accept the key; doveadm_key_file must be the same "
				    "as Dovecot's doveadm_api_key");
	if (status != 200)
		return pl_error_set(err, PL_ERR_RETRY, "status %ld", status);
	return 0;
}

enum outcome { KICKED, TOO_OLD, FAILED };

/* ["doveadmResponse", [...], TAG] or ["error", {"type": TYPE, "exitCode": CODE}, TAG]. */
static enum outcome read_result(const json_t *result, struct pl_error *err)
{
	const char *kind = json_string_value(json_array_get(result, 0));
	const json_t *error = json_array_get(result, 1);
	const char *type = json_string_value(json_object_get(error, "type"));
	const json_int_t code = json_integer_value(json_object_get(error, "exitCode"));

	if (kind != NULL && strcmp(kind, "doveadmResponse") == 0)
		return KICKED;
	if (type != NULL && strcmp(type, "exitCode") == 0 && code == NO_CONNECTIONS)
		return KICKED;
	if (type != NULL && strcmp(type, "invalidRequest") == 0)
		return TOO_OLD;
	pl_error_set(err, PL_ERR_RETRY, "kick failed: %.64s, exit code %d",
		     type != NULL ? type : "no answer of doveadm", (int)code);
	return FAILED;
}

/* TOO_OLD: it does not know a parameter. */
static enum outcome read_answer(const struct answer *answer, struct pl_error *err)
{
	json_t *results = json_loads(answer->text, 0, NULL);
	enum outcome outcome = FAILED;

	if (json_array_size(results) == 1)
		outcome = read_result(json_array_get(results, 0), err);
	else
		pl_error_set(err, PL_ERR_RETRY, "its answer is not one of doveadm");
	json_decref(results);
	return outcome;
}

static enum outcome run(const char *url, const char *authorization, json_t *command,
			struct pl_error *err)
{
	json_t *commands = json_pack("[O]", command);
	char *body = json_dumps(commands, JSON_COMPACT);
	enum outcome outcome = FAILED;
	struct answer answer;

	if (body == NULL)
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
	else if (post(url, authorization, body, &answer, err) == 0)
		outcome = read_answer(&answer, err);
	free(body);
	json_decref(commands);
	return outcome;
}

/* One after the other until one fails, each in a request of its own: what Dovecot 2.3 answers to
 * several that it refuses is not JSON, as it leaves the commas out. */
static enum outcome run_all(const char *url, const char *authorization, const json_t *commands,
			    struct pl_error *err)
{
	enum outcome outcome = KICKED;

	for (size_t i = 0; i < json_array_size(commands) && outcome == KICKED; i++)
		outcome = run(url, authorization, json_array_get(commands, i), err);
	return outcome;
}

static json_t *by_name(const struct doveadm_kick *kick)
{
	json_t *commands = json_array();

	for (size_t i = 0; i < kick->name_count; i++)
		json_array_append_new(commands,
				      json_pack("[s {s:s, s:[s]} s]", "kick", "passdbField",
						"user_postlatch", "mask", kick->names[i], "kick"));
	return commands;
}

static json_t *by_user(const struct doveadm_kick *kick)
{
	json_t *commands = json_array();

	for (size_t i = 0; i < kick->user_count; i++) {
		if (kick->network_count == 0)
			json_array_append_new(commands, json_pack("[s {s:[s]} s]", "kick", "mask",
								  kick->users[i], "kick"));
		for (size_t j = 0; j < kick->network_count; j++)
			json_array_append_new(commands,
					      json_pack("[s {s:[s,s]} s]", "kick", "mask",
							kick->users[i], kick->networks[j], "kick"));
	}
	return commands;
}

static int ask(const char *url, const char *authorization, const struct doveadm_kick *kick,
	       struct pl_error *err)
{
	json_t *commands = by_name(kick);
	enum outcome outcome = TOO_OLD;

	if (kick->name_count > 0)
		outcome = run_all(url, authorization, commands, err);
	json_decref(commands);
	if (outcome == TOO_OLD) {
		commands = by_user(kick);
		outcome = run_all(url, authorization, commands, err);
		json_decref(commands);
		if (outcome == TOO_OLD)
			pl_error_set(err, PL_ERR_RETRY, "kick failed: invalid request");
	}
	return outcome == KICKED ? 0 : -1;
}

int doveadm_kick(const char *url, const char *key_file, const struct doveadm_kick *kick,
		 struct pl_error *err)
{
	char value[DOVEADM_AUTHORIZATION] = "", header[DOVEADM_AUTHORIZATION + 16] = "";
	int ret = -1;

	for (size_t i = 0; i < kick->user_count; i++) {
		if (strpbrk(kick->users[i], "*?") != NULL)
			return pl_error_set(err, PL_ERR_INVALID,
					    "doveadm would take %s for a mask of several users",
					    kick->users[i]);
	}
	if (doveadm_authorization(key_file, value, err) == 0) {
		snprintf(header, sizeof(header), "Authorization: %s", value);
		ret = ask(url, header, kick, err);
	}
	OPENSSL_cleanse(value, sizeof(value));
	OPENSSL_cleanse(header, sizeof(header));
	return ret < 0 ? pl_error_prefix(err, "doveadm at %s", url) : 0;
}
