/* services.c - see services.h. */
#include "policy/settings/services.h"

#include <stdio.h>
#include <string.h>

#include "policy/store/store.h"

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

int pl_services_cover(unsigned int services, enum pl_setting service)
{
	return services == PL_SERVICES_ALL || (services & 1u << service) != 0;
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
					    "\"%.*s\" is not a service of mail clients; they "
					    "are imap, pop3, smtp and sieve",
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

unsigned int pl_services_read(struct pl_stmt *stmt)
{
	const char *text = pl_col_text(stmt, "services");
	unsigned int services;

	return text == NULL || pl_services_parse(text, &services, NULL) < 0 ? PL_SERVICES_NONE
									    : services;
}
