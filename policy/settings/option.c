/* option.c - see option.h. */
#include "policy/settings/option.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/base/address.h"
#include "policy/base/utf8.h"
#include "policy/settings/factor_kind.h"
#include "policy/settings/mail_settings.h"
#include "policy/settings/other_services.h"
#include "policy/settings/s3_url.h"

#define DAYS_MOST 365
#define DAYS_COUNT 8
#define COMMAND_WORDS 32
#define COMMAND_BYTES 4096

static int must_be(struct pl_error *err, const char *what)
{
	return pl_error_set(err, PL_ERR_CONFIG, "it must be %s", what);
}

static int has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Behind the scheme, or NULL when it is not one of a web server. */
static const char *behind_scheme(const char *url)
{
	return has_prefix(url, "https://") ? url + 8 : has_prefix(url, "http://") ? url + 7 : NULL;
}

int pl_option_text(const char *value, struct pl_error *err)
{
	for (const char *c = value; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return must_be(err, "one line without control characters");
	}
	return pl_is_utf8(value) ? 0 : must_be(err, "UTF-8");
}

int pl_option_path_or_none(const char *value, struct pl_error *err)
{
	return value[0] == '\0' ? 0 : pl_option_path(value, err);
}

int pl_option_path(const char *value, struct pl_error *err)
{
	if (pl_option_text(value, err) < 0)
		return -1;
	return value[0] == '/' ? 0 : must_be(err, "the whole path of a file, from / on");
}

int pl_option_command(const char *value, struct pl_error *err)
{
	size_t words = 0;

	if (value[0] == '\0')
		return 0;
	if (pl_option_path(value, err) < 0)
		return -1;
	for (const char *at = value; *at != '\0'; at += strspn(at, " ")) {
		at += strcspn(at, " ");
		words++;
	}
	return words <= COMMAND_WORDS && strlen(value) < COMMAND_BYTES
		       ? 0
		       : must_be(err, "a command of up to 32 words");
}

int pl_option_countries(const char *value, struct pl_error *err)
{
	size_t count = 0;

	for (const char *at = value + strspn(value, " "); *at != '\0'; count++) {
		const size_t len = strcspn(at, ", ");
		const int is_all = count > 0 && len == 1 && *at == '*' && at[1] == '\0';

		if (!is_all &&
		    (len < 1 || len > 3 || *at == '0' || strspn(at, "0123456789") != len))
			return must_be(err, "calling codes of countries, for example 82, 81 or "
					    "82, *");
		at += len + strspn(at + len, ", ");
	}
	return count >= 1 && count <= 16
		       ? 0
		       : must_be(err, "one to sixteen calling codes of countries");
}

int pl_option_hosts(const char *value, struct pl_error *err)
{
	size_t count = 0;

	for (const char *at = value + strspn(value, ", "); *at != '\0'; count++) {
		const size_t len = strcspn(at, ", "), below = has_prefix(at, "*.") ? 2 : 0;

		if (len == below || len - below > PL_DOMAIN_MAX ||
		    strspn(at + below, "abcdefghijklmnopqrstuvwxyz0123456789-.") < len - below)
			return must_be(err, "names of hosts in lower case, for example "
					    "push.example.com, *.example.net");
		at += len + strspn(at + len, ", ");
	}
	return count <= 16 ? 0 : must_be(err, "up to sixteen names of hosts");
}

int pl_option_database(const char *value, struct pl_error *err)
{
	if (pl_option_text(value, err) < 0)
		return -1;
	return has_prefix(value, "sqlite:") || has_prefix(value, "postgresql://") ||
			       has_prefix(value, "postgres://")
		       ? 0
		       : must_be(err, "sqlite:PATH or postgresql://USER@HOST/NAME");
}

int pl_option_domain(const char *value, struct pl_error *err)
{
	char domain[PL_DOMAIN_MAX + 1];

	return value[0] == '\0' || pl_domain_parse(value, domain, err) == 0
		       ? 0
		       : must_be(err, "a domain name without @, for example example.com");
}

int pl_option_choice(const char *words, const char *value)
{
	for (int number = 0; *words != '\0'; number++) {
		const size_t len = strcspn(words, ",");

		if (strlen(value) == len && strncmp(words, value, len) == 0)
			return number;
		words += len + strspn(words + len, ", ");
	}
	return -1;
}

int pl_option_other_services(const char *value, struct pl_error *err)
{
	return pl_other_services_valid(value)
		       ? 0
		       : must_be(err, "names of services with imap, pop3, smtp or sieve, for "
				      "example radicale=imap, xmpp=imap");
}

int pl_option_host(const char *value, struct pl_error *err)
{
	char host[PL_DOMAIN_MAX + 1];

	return value[0] == '\0' ||
			       (pl_domain_parse(value, host, err) == 0 && strcmp(host, value) == 0)
		       ? 0
		       : must_be(err, "the name of a host in lower case, for example "
				      "mail.example.com");
}

int pl_option_mail_ports(const char *value, struct pl_error *err)
{
	return pl_mail_ports_valid(value)
		       ? 0
		       : must_be(err, "up to four ports with tls or starttls, for example "
				      "465/tls, 587/starttls");
}

/* The next number of the list, and the place behind it and its comma; NULL at the end, and when it
 * is none, which *days_r = -1 tells. */
static const char *next_days(const char *list, int *days_r)
{
	char *end;
	long days;

	*days_r = 0;
	list += strspn(list, " ");
	if (*list == '\0')
		return NULL;
	days = strtol(list, &end, 10);
	end += strspn(end, " ");
	*days_r = *list >= '0' && *list <= '9' && days >= 1 && days <= DAYS_MOST &&
				  (*end == ',' || *end == '\0')
			  ? (int)days
			  : -1;
	return *days_r < 0 ? NULL : end + (*end == ',');
}

int pl_option_days(const char *value, struct pl_error *err)
{
	int days, count = 0;

	while ((value = next_days(value, &days)) != NULL)
		count++;
	return days == 0 && count <= DAYS_COUNT
		       ? 0
		       : must_be(err,
				 "up to eight numbers of days from 1 to 365, for example 14, 3");
}

int pl_option_days_due(const char *list, int left)
{
	int days, due = 0;

	while ((list = next_days(list, &days)) != NULL) {
		if (days >= left && (due == 0 || days < due))
			due = days;
	}
	return due;
}

int pl_option_origin(const char *value, struct pl_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";
	const char *name = behind_scheme(value);

	if (value[0] == '\0')
		return 0;
	return name != NULL && name[0] != '\0' && name[strspn(name, letters)] == '\0'
		       ? 0
		       : must_be(err, "https://NAME or https://NAME:PORT, in lower case, with "
				      "nothing behind");
}

int pl_option_url(const char *value, struct pl_error *err)
{
	if (value[0] == '\0')
		return 0;
	if (behind_scheme(value) == NULL || strchr(value, ' ') != NULL)
		return must_be(err, "an address that begins with https://, without blanks");
	return pl_option_text(value, err);
}

int pl_option_s3_url(const char *value, struct pl_error *err)
{
	struct pl_s3_url url;

	return value[0] == '\0' ? 0 : pl_s3_url_parse(value, &url, err);
}

int pl_option_s3_region(const char *value, struct pl_error *err)
{
	const size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return value[len] == '\0' && len > 0 && len <= 64
		       ? 0
		       : must_be(err, "the name of a region, for example eu-central-1");
}

const char *pl_option_next_url(const char *list, char url_r[PL_OPTION_URL_SIZE])
{
	size_t len;

	list += strspn(list, " ");
	len = strcspn(list, " ");
	snprintf(url_r, PL_OPTION_URL_SIZE, "%.*s", (int)len, list);
	return len == 0 ? NULL : list + len;
}

int pl_option_urls(const char *value, struct pl_error *err)
{
	char url[PL_OPTION_URL_SIZE];

	while ((value = pl_option_next_url(value, url)) != NULL) {
		if (strlen(url) == sizeof(url) - 1)
			return must_be(err, "a list of shorter addresses");
		if (pl_option_url(url, err) < 0)
			return -1;
	}
	return 0;
}

/* -- media types -- */

/* The next item of a list, its length, and the place behind it and its comma; NULL at the end. */
static const char *next_type(const char *list, const char **type_r, size_t *len_r)
{
	size_t len;

	list += strspn(list, " ");
	if (*list == '\0')
		return NULL;
	len = strcspn(list, ",");
	*type_r = list;
	*len_r = len;
	while (*len_r > 0 && list[*len_r - 1] == ' ')
		(*len_r)--;
	return list + len + (list[len] == ',');
}

int pl_option_media_types(const char *value, struct pl_error *err)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+";
	const char *type;
	size_t len;

	while ((value = next_type(value, &type, &len)) != NULL) {
		const size_t main = strspn(type, token);
		const size_t sub = type[main] == '/' ? strspn(type + main + 1, token) : 0;
		const size_t any = sub == 0 && type[main] == '/' && type[main + 1] == '*';

		if (main == 0 || sub + any == 0 || main + 1 + sub + any != len)
			return must_be(err, "types in lower case, for example application/pdf, "
					    "image/*");
	}
	return 0;
}

int pl_option_media_types_have(const char *list, const char *type)
{
	const char *item;
	size_t len;

	while ((list = next_type(list, &item, &len)) != NULL) {
		if (len > 0 && item[len - 1] == '*'
			    ? strncasecmp(item, type, len - 1) == 0
			    : strlen(type) == len && strncasecmp(item, type, len) == 0)
			return 1;
	}
	return 0;
}

int pl_option_factor_kinds(const char *value, struct pl_error *err)
{
	unsigned int kinds;

	return pl_factor_kinds_read(value, &kinds)
		       ? 0
		       : must_be(err,
				 "kinds of second factors, for example totp, passkey, approval");
}

int pl_option_switch(const char *value, struct pl_error *err)
{
	return strcmp(value, "on") == 0 || strcmp(value, "off") == 0 ? 0
								     : must_be(err, "on or off");
}

int pl_option_mail_address(const char *value, struct pl_error *err)
{
	const char *at = strchr(value, '@');

	if (pl_option_text(value, err) < 0)
		return -1;
	return at != NULL && at != value && at[1] != '\0' && strchr(at + 1, '@') == NULL &&
			       value[strcspn(value, " <>()[],;:\"\\")] == '\0' && value[0] != '-'
		       ? 0
		       : must_be(err, "a mail address, for example postmaster@example.com");
}

int pl_option_portal_name(const char *value, struct pl_error *err)
{
	if (pl_option_text(value, err) < 0)
		return -1;
	return value[0] != '\0' && strlen(value) <= PL_PORTAL_NAME_MAX && strchr(value, ':') == NULL
		       ? 0
		       : must_be(err, "1 to 64 bytes, without a colon");
}
