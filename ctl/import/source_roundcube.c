/* source_roundcube.c - a dump of Roundcube's database, for the second factors of its plugins.
 *
 * Both plugins keep them in the user's preferences, which PHP has serialized:
 * twofactor_gauthenticator as an array with secret and activate, or that as encrypted JSON;
 * kolab_2fa as an array of factors, "totp:..." among them. All are base32, with SHA-1, six digits
 * and 30 seconds.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/import/import.h"
#include "ctl/import/php_value.h"
#include "ctl/import/roundcube_crypt.h"

#define KIND "second factors"

/* Only somebody with a factor becomes a member. */
static int add_factor(struct import_plan *plan, const char *username, const char *secret,
		      size_t len)
{
	struct import_member *member;

	if (import_get_member(plan, username, &member) < 0)
		return -1;
	return member == NULL ? 0 : import_set_factor(plan, member, secret, len);
}

/* What the plugin knows of a user. */
struct gauthenticator {
	const char *secret;
	size_t len;
	int is_active, has_codes;
};

static int add_gauthenticator(struct import_plan *plan, const char *username,
			      const struct gauthenticator *factor)
{
	if (factor->len == 0)
		return 0;
	if (!factor->is_active)
		return import_leave(plan, KIND, "they are not switched on", username);
	if (factor->has_codes &&
	    import_leave(plan, "recovery codes",
			 "Postlatch makes its own, and shows them at the next sign-in",
			 username) < 0)
		return -1;
	return add_factor(plan, username, factor->secret, factor->len);
}

/* The same array as JSON, encrypted. */
static int on_encrypted(struct import_plan *plan, const char *username,
			const struct php_value *value)
{
	struct gauthenticator factor = { .secret = NULL };
	struct roundcube_clear clear;
	json_t *json = NULL;
	int ret;

	if (plan->des_key.len == 0)
		return import_leave(plan, KIND,
				    "they are encrypted with the des_key of Roundcube: give "
				    "--des-key",
				    username);
	if (roundcube_decrypt(plan->cipher, &plan->des_key, value->text, value->len, &clear) == 0)
		json = json_loadb(clear.data, clear.len, 0, NULL);
	OPENSSL_cleanse(&clear, sizeof(clear));
	if (json_is_object(json)) {
		const json_t *secret = json_object_get(json, "secret");

		factor.secret = json_string_value(secret);
		factor.len = json_string_length(secret);
		factor.is_active = json_is_true(json_object_get(json, "activate"));
		factor.has_codes = json_array_size(json_object_get(json, "recovery_codes")) > 0;
		ret = add_gauthenticator(plan, username, &factor);
	} else {
		ret = import_leave(plan, KIND,
				   "they are encrypted with another key or cipher than --des-key "
				   "and "
				   "--cipher say",
				   username);
	}
	json_decref(json);
	return ret;
}

static int on_gauthenticator(struct import_plan *plan, const char *username,
			     const struct php_value *value)
{
	struct php_value activate, secret, codes;
	struct gauthenticator factor;

	if (value->type == PHP_STRING && value->len > 0)
		return on_encrypted(plan, username, value);
	if (!php_value_get(value, "secret", &secret) || secret.type != PHP_STRING)
		return 0;
	factor.secret = secret.text;
	factor.len = secret.len;
	factor.is_active =
		php_value_get(value, "activate", &activate) && php_value_is_true(&activate);
	factor.has_codes = php_value_get(value, "recovery_codes", &codes) && codes.count > 0;
	return add_gauthenticator(plan, username, &factor);
}

static int on_kolab_factor(struct import_plan *plan, const char *username,
			   const struct php_value *id, const struct php_value *factor)
{
	struct php_value active, secret;

	if (!php_value_get(factor, "active", &active) || !php_value_is_true(&active))
		return import_leave(plan, KIND, "they are not switched on", username);
	if (id->type != PHP_STRING || id->len < 4 || memcmp(id->text, "totp", 4) != 0)
		return import_leave(plan, "other second factors",
				    "Postlatch takes time-based codes (RFC 6238) only", username);
	if (!php_value_get(factor, "secret", &secret) || secret.type != PHP_STRING)
		return import_leave(plan, KIND, "they have no secret in Roundcube's database",
				    username);
	return add_factor(plan, username, secret.text, secret.len);
}

static int on_kolab(struct import_plan *plan, const char *username, const struct php_value *factors)
{
	struct php_value id, factor;
	size_t at = 0;

	while (factors->type == PHP_ARRAY && php_value_next(factors, &at, &id, &factor)) {
		if (on_kolab_factor(plan, username, &id, &factor) < 0)
			return -1;
	}
	return 0;
}

static int on_user(struct import_plan *plan, const struct sql_row *row)
{
	const char *username = import_text(row, "username");
	const struct sql_value *text = sql_row_value(row, "preferences");
	struct php_value preferences, value;

	if (text->len == 0)
		return 0;
	if (php_value_parse(text->text, text->len, &preferences) < 0)
		return import_leave(plan, "preferences",
				    "they are not what PHP's serialize() writes", username);
	if (php_value_get(&preferences, "twofactor_gauthenticator", &value) &&
	    on_gauthenticator(plan, username, &value) < 0)
		return -1;
	return php_value_get(&preferences, "kolab_2fa_blob", &value)
		       ? on_kolab(plan, username, &value)
		       : 0;
}

static const struct import_table tables[] = {
	{ .name = "users",
	  .pass = 1,
	  .is_needed = 1,
	  .columns = { "username", "preferences" },
	  .row = on_user },
	{ .name = NULL },
};

/* The line of a file is the key. */
static int read_key(struct import_plan *plan, const char *path)
{
	char *text = NULL;
	size_t len = 0;
	int ret = ctl_read_input(path, PL_SECRET_MAX, &text, &len, plan->err);

	if (ret < 0)
		return -1;
	while (len > 0 && strchr("\r\n", text[len - 1]) != NULL)
		len--;
	if (len == 0)
		ret = pl_error_set(plan->err, PL_ERR_INVALID,
				   "%s is empty: it is to have the des_key", path);
	else
		pl_secret_set(&plan->des_key, text, len);
	OPENSSL_cleanse(text, len);
	free(text);
	return ret;
}

static int read_options(struct import_plan *plan)
{
	const char *path = plan->ctl->option[CTL_OPTION_DES_KEY];
	const char *cipher = plan->ctl->option[CTL_OPTION_CIPHER];

	plan->cipher = cipher == NULL ? ROUNDCUBE_CIPHER : cipher;
	if (!roundcube_has_cipher(plan->cipher))
		return pl_error_set(plan->err, PL_ERR_INVALID,
				    "there is no cipher %.64s: give cipher_method of Roundcube's "
				    "configuration",
				    plan->cipher);
	return path == NULL ? 0 : read_key(plan, path);
}

int import_roundcube(struct import_plan *plan, const char *text, size_t len)
{
	if (read_options(plan) < 0)
		return -1;
	return import_tables(plan, "Roundcube", tables, text, len);
}
