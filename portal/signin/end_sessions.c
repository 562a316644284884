/* end_sessions.c - see end_sessions.h. */
#include "portal/signin/end_sessions.h"

#include <stdio.h>
#include <string.h>

#include "daemon/log.h"
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

/* Where the sessions' connections come from: 0, or -1 when that is not known. */
static int find_networks(struct kick *kick, const struct request *request)
{
	int webmail = 0;

	for (size_t i = 0; i < request->disconnection.count; i++) {
		struct pl_network program = { .bits = 128 };

		if (request->disconnection.session[i].channel == PL_CHANNEL_WEBMAIL)
			webmail = 1;
		else if (pl_ip_parse(request->disconnection.session[i].ip, &program.ip, NULL) < 0 ||
			 add_network(kick, &program) < 0)
			return -1;
	}
	return webmail ? add_networks(kick, &request->policy->webmail_networks) : 0;
}

/* Dovecot may know members of the default domain by their local part. */
static void name_users(struct kick *kick, const struct request *request)
{
	const struct pl_address *address = &request->disconnection.address;

	kick->user[kick->asked.user_count++] = pl_address_format(address, kick->address);
	if (strcmp(address->domain, request->policy->default_domain) == 0)
		kick->user[kick->asked.user_count++] = address->local;
}

/* Every front end may have connections. */
static void ask_dovecots(const struct pl_policy *policy, const struct doveadm_kick *asked)
{
	char url[PL_OPTION_URL_SIZE];
	struct pl_error err = { 0 };

	for (const char *at = policy->doveadm_url; (at = pl_option_next_url(at, url)) != NULL;) {
		if (doveadm_kick(url, policy->doveadm_key_file, asked, &err) < 0)
			daemon_log_failure(NULL, &err);
	}
}

static void kick(const struct request *request)
{
	struct kick kick = { .asked = { .user_count = 0 } };
	size_t count = request->disconnection.count;

	if (request->policy->doveadm_url[0] == '\0')
		return;
	kick.asked.names = kick.name;
	kick.asked.users = kick.user;
	kick.asked.networks = kick.network;
	/* Of more than fit, everything ends that the member has open. */
	kick.asked.name_count = count <= DISCONNECTION_MAX ? count : 0;
	for (size_t i = 0; i < kick.asked.name_count; i++)
		kick.name[i] = pl_connection_of_session(request->disconnection.session[i].id,
							kick.names[i]);
	name_users(&kick, request);
	if (kick.asked.name_count == 0 || find_networks(&kick, request) < 0)
		kick.asked.network_count = 0;
	ask_dovecots(request->policy, &kick.asked);
}

void disconnect_session(struct request *request, const struct pl_session *session)
{
	struct disconnection *all = &request->disconnection;
	const size_t i = all->count;

	request->afterwards = kick;
	all->address = session->address;
	if (i > DISCONNECTION_MAX)
		return;
	all->count++;
	if (i == DISCONNECTION_MAX)
		return;
	all->session[i].id = session->id;
	all->session[i].channel = session->channel;
	memcpy(all->session[i].ip, session->ip, sizeof(all->session[i].ip));
}

/* Which of the sessions that are listed end. */
struct ending {
	struct request *request;
	int64_t kept;       /* but this one; 0: none */
	int64_t trusted_id; /* of this device; 0: of any */
};

static int add_ending(const struct pl_session *session, void *context)
{
	struct ending *ending = context;

	if (session->id != ending->kept &&
	    (ending->trusted_id == 0 || session->trusted_id == ending->trusted_id))
		disconnect_session(ending->request, session);
	return 0;
}

int disconnect_device(struct request *request, int64_t member_id, int64_t trusted_id)
{
	struct ending ending = { .request = request, .trusted_id = trusted_id };

	return pl_session_list(&request->work, member_id, add_ending, &ending);
}

int end_session(struct request *request, const struct pl_session *session, struct pl_error *err)
{
	struct pl_account account;
	int ended = request_begin_write(request, err);

	if (ended == 0)
		ended = pl_account_get(request->work.store, &session->address, &account, err);
	if (ended == 0)
		ended = pl_session_revoke(&request->work, &account, session->id);
	if (ended < 0 || pl_store_commit(request->work.store, err) < 0)
		return -1;
	if (ended == 1)
		disconnect_session(request, session);
	return 0;
}

int end_other_sessions(struct request *request, struct pl_error *err)
{
	struct ending ending = { .request = request, .kept = request->session.id };
	struct pl_account *account;

	return request_account(request, &account, err) < 0 ||
			       pl_session_list(&request->work, account->member.id, add_ending,
					       &ending) < 0 ||
			       pl_session_revoke_others(&request->work, account,
							request->session.id) < 0
		       ? -1
		       : 0;
}
