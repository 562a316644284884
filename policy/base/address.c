#include "policy/base/address.h"

#include <stdio.h>
#include <string.h>

/* Bytes that an address must not contain; see address.h. */
static int refused(unsigned char c)
{
	return c <= ' ' || c >= 0x7f || strchr("\"\\<>()[],;:", c) != NULL;
}

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Copies and folds a part of len bytes. -1 when it is empty or too long, or contains a byte
 * that is refused. */
static int copy_part(const char *text, size_t len, char *part_r, size_t max)
{
	if (len == 0 || len > max)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (refused((unsigned char)text[i]) || text[i] == '@' ||
		    (text[i] == '%' && i + 1 < len && text[i + 1] == '{'))
			return -1;
		part_r[i] = folded(text[i]);
	}
	part_r[len] = '\0';
	return 0;
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
	if (copy_part(text, local_len, address_r->local, PL_LOCAL_MAX) < 0)
		return invalid(err, "the part before '@' is empty, too long or has a character "
				    "that is not allowed");
	if (copy_part(domain, domain_len, address_r->domain, PL_DOMAIN_MAX) < 0 ||
	    domain_shape(address_r->domain) < 0)
		return invalid(err, "the part after '@' is not a domain name");
	return 0;
}

int pl_domain_parse(const char *text, char domain_r[PL_DOMAIN_MAX + 1], struct pl_error *err)
{
	if (copy_part(text, strlen(text), domain_r, PL_DOMAIN_MAX) < 0 ||
	    domain_shape(domain_r) < 0)
		return pl_error_set(err, PL_ERR_INVALID,
				    "this is not a domain name; write it as example.com");
	return 0;
}

char *pl_address_format(const struct pl_address *address, char buf[PL_ADDRESS_MAX + 1])
{
	snprintf(buf, PL_ADDRESS_MAX + 1, "%s@%s", address->local, address->domain);
	return buf;
}
