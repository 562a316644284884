/* disconnection.c - see disconnection.h. */
#include "dovecot/disconnection.h"

#include <stdio.h>
#include <string.h>

#include "dovecot/doveadm.h"
#include "policy/credential/app_password.h"
#include "policy/login/connection.h"
#include "policy/settings/option.h"

#define USERS_MAX 2
#define WEBMAIL_NETWORKS_MAX 64
#define NETWORKS_MAX (DISCONNECTION_NETWORKS + WEBMAIL_NETWORKS_MAX)

/* What doveadm is asked for, and the texts that it points to. */
struct kick {
	const char *name[DISCONNECTION_MAX], *user[USERS_MAX], *network[NETWORKS_MAX];
	struct doveadm_kick asked;
	char names[DISCONNECTION_MAX][PL_CONNECTION_NAME], address[PL_ADDRESS_MAX + 1];
	char webmail[WEBMAIL_NETWORKS_MAX][PL_NETWORK_TEXT];
};

/* 0, or -1 when they do not fit. */
static int add_webmail(struct kick *kick, const struct pl_network_list *list)
{
	if (list->count == 0 || list->count > WEBMAIL_NETWORKS_MAX)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		kick->network[kick->asked.network_count++] =
			pl_network_format(&list->networks[i], kick->webmail[i]);
	return 0;
}

/* Where the connections come from: 0, or -1 when that is not known. */
static int find_networks(struct kick *kick, const struct disconnection *all,
			 const struct pl_policy *policy)
{
	if (all->is_anywhere)
		return -1;
	for (size_t i = 0; i < all->network_count; i++)
		kick->network[kick->asked.network_count++] = all->network[i];
	return all->is_webmail ? add_webmail(kick, &policy->webmail_networks) : 0;
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

void disconnection_add_member(struct disconnection *all, const struct pl_address *member)
{
	all->address = *member;
	all->count = DISCONNECTION_MAX + 1;
	all->is_anywhere = 1;
}

static void add_network(const char *network, void *context)
{
	struct disconnection *all = context;

	for (size_t i = 0; i < all->network_count; i++) {
		if (strcmp(all->network[i], network) == 0)
			return;
	}
	if (all->network_count == DISCONNECTION_NETWORKS)
		all->is_anywhere = 1;
	else
		snprintf(all->network[all->network_count++], PL_NETWORK_TEXT, "%s", network);
}

void disconnection_add_session(struct disconnection *all, const struct pl_session *session)
{
	const size_t i = next(all, &session->address);
	struct pl_network program = { .bits = 128 };
	char network[PL_NETWORK_TEXT];

	if (session->channel == PL_CHANNEL_WEBMAIL)
		all->is_webmail = 1;
	else if (pl_ip_parse(session->ip, &program.ip, NULL) < 0)
		all->is_anywhere = 1;
	else
		add_network(pl_network_format(&program, network), all);
	if (i == DISCONNECTION_MAX)
		return;
	all->of[i].session_id = session->id;
	all->of[i].app_password_id = 0;
}

struct listed {
	int64_t wanted; /* 0: all */
	size_t count;
	int64_t ids[DISCONNECTION_MAX + 1];
};

static int note_id(const struct pl_app_password *app_password, void *context)
{
	struct listed *listed = context;

	if (listed->wanted == 0 || listed->wanted == app_password->id)
		listed->ids[listed->count++] = app_password->id;
	return listed->count > DISCONNECTION_MAX;
}

struct places {
	struct disconnection *all;
	int any;
};

static void add_place(const char *network, void *context)
{
	struct places *places = context;

	places->any = 1;
	add_network(network, places->all);
}

static int add_app_password(struct disconnection *all, const struct pl_work *work,
			    const struct pl_address *address, int64_t id)
{
	struct places places = { .all = all };
	const size_t i = next(all, address);

	if (pl_app_password_networks(work->store, id, add_place, &places, work->err) < 0)
		return -1;
	/* Its first use may not be written yet. */
	if (!places.any)
		all->is_anywhere = 1;
	if (i == DISCONNECTION_MAX)
		return 0;
	all->of[i].session_id = 0;
	all->of[i].app_password_id = id;
	return 0;
}

int disconnection_add_app_passwords(struct disconnection *all, const struct pl_work *work,
				    const struct pl_account *account, int64_t id)
{
	struct listed listed = { .wanted = id };

	if (pl_app_password_list(work->store, account->member.id, note_id, &listed, work->err) < 0)
		return -1;
	for (size_t i = 0; i < listed.count; i++) {
		if (add_app_password(all, work, &account->member.address, listed.ids[i]) < 0)
			return -1;
	}
	return 0;
}
