/* disconnection.c - see disconnection.h. */
#include "dovecot/disconnection.h"

#include <stdio.h>
#include <string.h>

#include "dovecot/doveadm.h"
#include "policy/login/connection.h"
#include "policy/settings/option.h"

#define USERS_MAX 2
#define NETWORKS_MAX 64

/* What doveadm is asked for, and the texts that it points to. */
struct kick {
	const char *name[DISCONNECTION_MAX], *user[USERS_MAX], *network[NETWORKS_MAX];
	struct doveadm_kick asked;
	char names[DISCONNECTION_MAX][PL_CONNECTION_NAME], address[PL_ADDRESS_MAX + 1];
	char networks[NETWORKS_MAX][PL_IP_TEXT + 4];
};

/* 0, or -1 when it does not fit. */
static int add_network(struct kick *kick, const struct pl_network *network)
{
	size_t *count = &kick->asked.network_count;
	char ip[PL_IP_TEXT];
	/* Bits are those of the mapped form. */
	const unsigned int bits =
		strchr(pl_ip_format(&network->ip, ip), ':') == NULL && network->bits >= 96
			? network->bits - 96
			: network->bits;

	if (*count == NETWORKS_MAX)
		return -1;
	snprintf(kick->networks[*count], sizeof(kick->networks[0]), "%s/%u", ip, bits);
	kick->network[*count] = kick->networks[*count];
	(*count)++;
	return 0;
}

static int add_networks(struct kick *kick, const struct pl_network_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (add_network(kick, &list->networks[i]) < 0)
			return -1;
	}
	return list->count > 0 ? 0 : -1;
}

/* Where the connections come from: 0, or -1 when that is not known. */
static int find_networks(struct kick *kick, const struct disconnection *all,
			 const struct pl_policy *policy)
{
	int webmail = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct pl_network program = { .bits = 128 };

		if (all->of[i].session_id == 0)
			return -1;
		if (all->of[i].channel == PL_CHANNEL_WEBMAIL)
			webmail = 1;
		else if (pl_ip_parse(all->of[i].ip, &program.ip, NULL) < 0 ||
			 add_network(kick, &program) < 0)
			return -1;
	}
	return webmail ? add_networks(kick, &policy->webmail_networks) : 0;
}

/* Dovecot may know members of the default domain by their local part. */
static void name_users(struct kick *kick, const struct pl_address *address,
		       const struct pl_policy *policy)
{
	kick->user[kick->asked.user_count++] = pl_address_format(address, kick->address);
	if (strcmp(address->domain, policy->default_domain) == 0)
		kick->user[kick->asked.user_count++] = address->local;
}

/* Every front end may have connections. */
static void ask_dovecots(const struct pl_policy *policy, const struct doveadm_kick *asked,
			 void (*failed)(const struct pl_error *err))
{
	char url[PL_OPTION_URL_SIZE];
	struct pl_error err = { 0 };

	for (const char *at = policy->doveadm_url; (at = pl_option_next_url(at, url)) != NULL;) {
		if (doveadm_kick(url, policy->doveadm_key_file, asked, &err) < 0)
			failed(&err);
	}
}

static const char *name_of(const struct disconnection *all, size_t i, char buf[PL_CONNECTION_NAME])
{
	return all->of[i].session_id != 0
		       ? pl_connection_of_session(all->of[i].session_id, buf)
		       : pl_connection_of_app_password(all->of[i].app_password_id, buf);
}

void disconnection_run(const struct disconnection *all, const struct pl_policy *policy,
		       void (*failed)(const struct pl_error *err))
{
	struct kick kick = { .asked = { .user_count = 0 } };

	if (all->count == 0 || policy->doveadm_url[0] == '\0')
		return;
	kick.asked.names = kick.name;
	kick.asked.users = kick.user;
	kick.asked.networks = kick.network;
	kick.asked.name_count = all->count <= DISCONNECTION_MAX ? all->count : 0;
	for (size_t i = 0; i < kick.asked.name_count; i++)
		kick.name[i] = name_of(all, i, kick.names[i]);
	name_users(&kick, &all->address, policy);
	if (kick.asked.name_count == 0 || find_networks(&kick, all, policy) < 0)
		kick.asked.network_count = 0;
	ask_dovecots(policy, &kick.asked, failed);
}

/* The place of one more, or DISCONNECTION_MAX when it does not fit. */
static size_t next(struct disconnection *all, const struct pl_address *address)
{
	const size_t i = all->count;

	all->address = *address;
	if (i > DISCONNECTION_MAX)
		return DISCONNECTION_MAX;
	all->count++;
	return i;
}

void disconnection_add_session(struct disconnection *all, const struct pl_session *session)
{
	const size_t i = next(all, &session->address);

	if (i == DISCONNECTION_MAX)
		return;
	all->of[i].session_id = session->id;
	all->of[i].app_password_id = 0;
	all->of[i].channel = session->channel;
	memcpy(all->of[i].ip, session->ip, sizeof(all->of[i].ip));
}

void disconnection_add_app_password(struct disconnection *all, const struct pl_address *address,
				    int64_t id)
{
	const size_t i = next(all, address);

	if (i == DISCONNECTION_MAX)
		return;
	all->of[i].session_id = 0;
	all->of[i].app_password_id = id;
}
