/* mail_settings.c - see mail_settings.h. */
#include "policy/settings/mail_settings.h"

#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535u

static const char *const encryption_names[] = {
	[PL_MAIL_TLS] = "tls", [PL_MAIL_STARTTLS] = "starttls"
};

const char *pl_mail_encryption_name(enum pl_mail_encryption encryption)
{
	return encryption_names[encryption];
}

static int find_encryption(const char *word, enum pl_mail_encryption *encryption_r)
{
	for (unsigned int i = 0; i < sizeof(encryption_names) / sizeof(encryption_names[0]); i++) {
		if (strcmp(encryption_names[i], word) == 0) {
			*encryption_r = (enum pl_mail_encryption)i;
			return 1;
		}
	}
	return 0;
}

/* 1 and an entry, with *list behind it; 0 at the end; -1 when there is none here. */
static int next_entry(const char **list, struct pl_mail_service *entry)
{
	char word[9];
	int length = 0;

	*list += strspn(*list, " ");
	if (**list == '\0')
		return 0;
	/* %u would take a sign as well. */
	if (**list < '1' || **list > '9' ||
	    sscanf(*list, "%5u/%8[a-z]%n", &entry->port, word, &length) != 2 ||
	    entry->port > PORT_MAX || !find_encryption(word, &entry->encryption))
		return -1;
	*list += length;
	*list += strspn(*list, " ");
	if (**list == '\0')
		return 1;
	if (**list != ',' || (*list)[1 + strspn(*list + 1, " ")] == '\0')
		return -1;
	++*list;
	return 1;
}

int pl_mail_ports_valid(const char *list)
{
	struct pl_mail_service entry;
	int count = 0, ret;

	while ((ret = next_entry(&list, &entry)) > 0)
		count++;
	return ret == 0 && count <= PL_MAIL_PORTS_MAX;
}

static void add(const struct pl_layers *layers, enum pl_setting service, const char *ports,
		struct pl_mail_settings *settings)
{
	struct pl_mail_service entry = { .service = service };

	if (pl_resolve(layers, service).value != PL_ON)
		return;
	while (settings->count < PL_MAIL_SERVICES_MAX && next_entry(&ports, &entry) > 0)
		settings->services[settings->count++] = entry;
}

void pl_mail_settings(const struct pl_policy *policy, const struct pl_layers *layers,
		      struct pl_mail_settings *settings_r)
{
	*settings_r = (struct pl_mail_settings){
		.server = policy->mail_server,
		.client_password = pl_resolve(layers, PL_SETTING_CLIENT_PASSWORD).value,
		.app_passwords = pl_resolve(layers, PL_SETTING_APP_PASSWORDS).value == PL_ON,
		.oauth = policy->portal_url[0] != '\0' && policy->client_registration &&
			 pl_resolve(layers, PL_SETTING_CONNECTED_APPLICATIONS).value == PL_ON,
	};
	if (policy->mail_server[0] == '\0')
		return;
	add(layers, PL_SETTING_IMAP, policy->imap_ports, settings_r);
	add(layers, PL_SETTING_POP3, policy->pop3_ports, settings_r);
	add(layers, PL_SETTING_SMTP, policy->submission_ports, settings_r);
	add(layers, PL_SETTING_SIEVE, policy->sieve_ports, settings_r);
}

enum pl_mail_password pl_mail_password(const struct pl_mail_settings *settings,
				       int factor_registered)
{
	const int needs_app =
		settings->client_password == PL_NEVER ||
		(settings->client_password == PL_UNTIL_SECOND_FACTOR && factor_registered);

	if (!needs_app)
		return PL_MAIL_ACCOUNT_PASSWORD;
	return settings->app_passwords ? PL_MAIL_APP_PASSWORD : PL_MAIL_NO_PASSWORD;
}

const char *pl_mail_password_name(enum pl_mail_password password)
{
	static const char *const names[] = { [PL_MAIL_ACCOUNT_PASSWORD] = "account",
					     [PL_MAIL_APP_PASSWORD] = "app",
					     [PL_MAIL_NO_PASSWORD] = "none" };

	return names[password];
}

int pl_mail_takes_passwords(const struct pl_mail_settings *settings)
{
	return pl_mail_password(settings, 0) != PL_MAIL_NO_PASSWORD;
}
