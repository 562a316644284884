/* app_password_kind.c - see app_password_kind.h. */
#include "policy/credential/app_password_kind.h"

#include <stdio.h>
#include <string.h>

static const struct pl_app_password_kind_info kinds[PL_APP_PASSWORD_KIND_COUNT] = {
#define PL_APP_PASSWORD_KIND(id, name, services, asks) { name, services, asks },
#include "policy/credential/app_password_kind.def"
#undef PL_APP_PASSWORD_KIND
};

const struct pl_app_password_kind_info *pl_app_password_kind(enum pl_app_password_kind kind)
{
	return &kinds[kind];
}

int pl_app_password_kind_parse(const char *name, enum pl_app_password_kind *kind_r,
			       struct pl_error *err)
{
	for (unsigned int i = 0; i < PL_APP_PASSWORD_KIND_COUNT; i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*kind_r = (enum pl_app_password_kind)i;
			return 0;
		}
	}
	return pl_error_set(err, PL_ERR_INVALID,
			    "\"%.64s\" is not a kind of app password; they are mail, scanner and "
			    "script",
			    name);
}

static const enum pl_setting client_services[] = { PL_SETTING_IMAP, PL_SETTING_POP3,
						   PL_SETTING_SMTP, PL_SETTING_SIEVE };
#define CLIENT_SERVICES (sizeof(client_services) / sizeof(client_services[0]))

enum pl_setting pl_client_service(size_t index)
{
	return index < CLIENT_SERVICES ? client_services[index] : PL_SETTING_COUNT;
}

static unsigned int service_bit(const char *word, size_t len)
{
	for (size_t i = 0; i < CLIENT_SERVICES; i++) {
		const char *name = pl_setting_info(client_services[i])->name;

		if (strlen(name) == len && memcmp(name, word, len) == 0)
			return 1u << client_services[i];
	}
	return 0;
}

static unsigned int spelled_out(unsigned int services)
{
	return services == PL_SERVICES_ALL ? PL_SERVICES_OF_CLIENTS : services;
}

int pl_services_within(unsigned int services, unsigned int all)
{
	return (spelled_out(services) & ~spelled_out(all)) == 0;
}

int pl_services_parse(const char *text, unsigned int *services_r, struct pl_error *err)
{
	*services_r = PL_SERVICES_ALL;
	if (strcmp(text, "all") == 0 || *text == '\0')
		return 0;
	while (*(text += strspn(text, ", ")) != '\0') {
		size_t len = strcspn(text, ", ");
		unsigned int bit = service_bit(text, len);

		if (bit == 0)
			return pl_error_set(err, PL_ERR_INVALID,
					    "\"%.*s\" is no service of mail clients; they are "
					    "imap, pop3, "
					    "smtp and sieve",
					    (int)(len > 64 ? 64 : len), text);
		*services_r |= bit;
		text += len;
	}
	/* Commas alone name none, and none would stand for all. */
	return *services_r != PL_SERVICES_ALL
		       ? 0
		       : pl_error_set(err, PL_ERR_INVALID, "the list of services names none");
}

char *pl_services_format(unsigned int services, char *buf, size_t size)
{
	size_t used = 0;

	snprintf(buf, size, "all");
	for (size_t i = 0; services != PL_SERVICES_ALL && i < CLIENT_SERVICES; i++) {
		if ((services & 1u << client_services[i]) != 0 && used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%s",
						 used == 0 ? "" : ",",
						 pl_setting_info(client_services[i])->name);
	}
	return buf;
}
