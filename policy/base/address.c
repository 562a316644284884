/* address.c - reads and writes addresses; see address.h. */
#include "policy/base/address.h"

#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

static int is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return 0;
	}
	return 1;
}

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether it has a character that a local part must not contain; see address.h. */
static int has_refused(const char *local)
{
	for (const char *c = local; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || strchr("\x7f\"\\<>()[],;:@", *c) != NULL ||
		    (c[0] == '%' && c[1] == '{'))
			return 1;
	}
	return 0;
}

/* Two names that look the same would be two members. */
static int has_invisible(const uint8_t *text, size_t len)
{
	ucs4_t c;

	for (size_t i = 0; i < len;) {
		int bytes = u8_mbtouc(&c, text + i, len - i);

		if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z) ||
		    uc_is_property_default_ignorable_code_point(c))
			return 1;
		i += (size_t)bytes;
	}
	return 0;
}

static int fold_utf8(const char *text, size_t len, char local_r[PL_LOCAL_MAX + 1])
{
	const uint8_t *bytes = (const uint8_t *)text;
	uint8_t *lower;
	size_t size = 0;
	int ret = -1;

	if (u8_check(bytes, len) != NULL)
		return -1;
	lower = u8_tolower(bytes, len, "", UNINORM_NFC, NULL, &size);
	if (lower != NULL && size <= PL_LOCAL_MAX && !has_invisible(lower, size)) {
		memcpy(local_r, lower, size);
		local_r[size] = '\0';
		ret = 0;
	}
	free(lower);
	return ret;
}

static void fold_ascii(const char *text, size_t len, char *folded_r)
{
	for (size_t i = 0; i < len; i++)
		folded_r[i] = folded(text[i]);
	folded_r[len] = '\0';
}

static int fold_local(const char *text, size_t len, char local_r[PL_LOCAL_MAX + 1])
{
	if (len == 0 || len > PL_LOCAL_MAX || memchr(text, '\0', len) != NULL)
		return -1;
	if (is_ascii(text, len))
		fold_ascii(text, len, local_r);
	else if (fold_utf8(text, len, local_r) < 0)
		return -1;
	return has_refused(local_r) ? -1 : 0;
}

/* Labels of letters, digits, '-' and '_', separated by single dots. */
static int domain_shape(const char *domain)
{
	char before = '.';

	for (const char *c = domain; *c != '\0'; before = *c++) {
		if (*c == '.') {
			if (before == '.')
				return -1;
		} else if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", *c) == NULL) {
			return -1;
		}
	}
	return before == '.' ? -1 : 0;
}

/* U-labels become A-labels as UTS 46 maps them, so that there is one form of each name. */
static int to_a_labels(const char *text, size_t len, char domain_r[PL_DOMAIN_MAX + 1])
{
	char name[PL_DOMAIN_MAX + 1];
	uint8_t *found = NULL;
	int ret = -1;

	memcpy(name, text, len);
	name[len] = '\0';
	if (idn2_lookup_u8((const uint8_t *)name, &found, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) ==
		    IDN2_OK &&
	    strlen((const char *)found) <= PL_DOMAIN_MAX) {
		snprintf(domain_r, PL_DOMAIN_MAX + 1, "%s", (const char *)found);
		ret = 0;
	}
	idn2_free(found);
	return ret;
}

static int fold_domain(const char *text, size_t len, char domain_r[PL_DOMAIN_MAX + 1])
{
	size_t end;

	if (len == 0 || len > PL_DOMAIN_MAX || memchr(text, '\0', len) != NULL)
		return -1;
	if (is_ascii(text, len))
		fold_ascii(text, len, domain_r);
	else if (to_a_labels(text, len, domain_r) < 0)
		return -1;
	end = strlen(domain_r);
	if (end > 1 && domain_r[end - 1] == '.')
		domain_r[end - 1] = '\0';
	return domain_shape(domain_r);
}

static int invalid(struct pl_error *err, const char *what)
{
	return pl_error_set(err, PL_ERR_INVALID, "%s; write it as user@example.com", what);
}

int pl_address_parse(const char *text, size_t len, const char *default_domain,
		     struct pl_address *address_r, struct pl_error *err)
{
	const char *at = memrchr(text, '@', len);
	size_t local_len = at == NULL ? len : (size_t)(at - text);
	const char *domain = at == NULL ? default_domain : at + 1;
	size_t domain_len;

	memset(address_r, 0, sizeof(*address_r));
	if (domain == NULL || (at == NULL && *domain == '\0'))
		return invalid(err, "the address has no domain");
	domain_len = at == NULL ? strlen(domain) : len - local_len - 1;
	if (fold_local(text, local_len, address_r->local) < 0)
		return invalid(err, "the part before '@' is empty, too long or has a character "
				    "that is not allowed");
	if (fold_domain(domain, domain_len, address_r->domain) < 0)
		return invalid(err, "the part after '@' is not a domain name");
	return 0;
}

int pl_domain_parse(const char *text, char domain_r[PL_DOMAIN_MAX + 1], struct pl_error *err)
{
	if (fold_domain(text, strlen(text), domain_r) < 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "this is not a domain name; write it as example.com");
	return 0;
}

char *pl_address_format(const struct pl_address *address, char buf[PL_ADDRESS_MAX + 1])
{
	snprintf(buf, PL_ADDRESS_MAX + 1, "%s@%s", address->local, address->domain);
	return buf;
}

char *pl_domain_display(const char *domain, char buf[PL_DOMAIN_DISPLAY_MAX + 1])
{
	char *shown = NULL;

	if (strstr(domain, "xn--") == NULL || idn2_to_unicode_8z8z(domain, &shown, 0) != IDN2_OK ||
	    has_invisible((const uint8_t *)shown, strlen(shown))) {
		snprintf(buf, PL_DOMAIN_DISPLAY_MAX + 1, "%s", domain);
	} else {
		snprintf(buf, PL_DOMAIN_DISPLAY_MAX + 1, "%s", shown);
	}
	idn2_free(shown);
	return buf;
}

char *pl_address_display(const struct pl_address *address, char buf[PL_ADDRESS_DISPLAY_MAX + 1])
{
	char domain[PL_DOMAIN_DISPLAY_MAX + 1];

	snprintf(buf, PL_ADDRESS_DISPLAY_MAX + 1, "%s@%s", address->local,
		 pl_domain_display(address->domain, domain));
	return buf;
}

int pl_address_fold(const char *part, char *folded_r, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)part;
	const size_t len = strlen(part);
	uint8_t *lower;
	size_t used = 0;
	int ret = -1;

	if (u8_check(bytes, len) != NULL)
		return -1;
	lower = u8_tolower(bytes, len, "", UNINORM_NFC, NULL, &used);
	if (lower != NULL && used < size) {
		memcpy(folded_r, lower, used);
		folded_r[used] = '\0';
		ret = 0;
	}
	free(lower);
	return ret;
}

int pl_address_fold_domain(const char *folded, char *part_r, size_t size)
{
	const char *at = strrchr(folded, '@');
	const char *rest = at == NULL ? folded : at + 1;
	const char *dot = strrchr(rest, '.');
	const char *last = dot == NULL ? rest : dot + 1;
	char domain[PL_DOMAIN_MAX + 1];
	int len;

	part_r[0] = '\0';
	if (is_ascii(rest, strlen(rest)) || pl_domain_parse(rest, domain, NULL) < 0)
		return 0;
	/* An A-label is no part of that of a longer label. */
	len = snprintf(part_r, size, "%.*s%s%s", (int)(rest - folded), folded, domain,
		       is_ascii(last, strlen(last)) ? "" : ".");
	if (len >= 0 && (size_t)len < size)
		return 1;
	part_r[0] = '\0';
	return 0;
}
