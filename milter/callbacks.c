/* callbacks.c - answers Postfix at the events of libmilter; see callbacks.h.
 *
 * Everything that needs no answer is negotiated away, and bodies are where no large attachments
 * are taken out (rewrite.h). A submitted message is evaluated at DATA, the first event at which
 * Postfix knows the queue id. The answer for mail that may go on is CONTINUE: after ACCEPT,
 * Postfix before August 2026 may leave the milter out for the next message of the connection.
 */
#include "milter/callbacks.h"

#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "daemon/log.h"
#include "milter/rewrite.h"
#include "policy/base/monotonic.h"

static struct milter *the_milter; /* set once, before there are threads */

/* One SMTP session. */
struct client {
	struct pl_ip ip;
	struct moment connected;
	enum milter_bodies bodies; /* as negotiated */
	struct rewrite rewrite;
};

static const char *macro(SMFICTX *ctx, const char *name)
{
	return smfi_getsymval(ctx, (char *)name);
}

static const char *queue_id(SMFICTX *ctx)
{
	const char *id = macro(ctx, "i");

	return id == NULL ? "NOQUEUE" : id;
}

static sfsistat refuse(SMFICTX *ctx, const char *code, const char *status, const char *sentence)
{
	(void)smfi_setreply(ctx, (char *)code, (char *)status, (char *)sentence);
	return SMFIS_TEMPFAIL;
}

static void count(enum traffic_message answer, int64_t began_ms)
{
	traffic_count_message(milter_traffic(the_milter), answer, pl_monotonic_ms() - began_ms);
}

/* Cannot tell: the sender tries again later. */
static sfsistat fail(SMFICTX *ctx, const struct pl_error *err, int64_t began_ms)
{
	struct pl_error logged = *err;

	count(TRAFFIC_TEMPFAIL, began_ms);
	pl_error_prefix(&logged, "action=%s", traffic_message_name(TRAFFIC_TEMPFAIL));
	daemon_log_failure(queue_id(ctx), &logged);
	milter_count_refusal(the_milter, NULL, "unavailable");
	return refuse(ctx, "451", "4.3.0",
		      "The policy cannot be looked up at the moment; try again later");
}

static void log_decision(SMFICTX *ctx, const struct client *client, const struct pl_address *member,
			 enum traffic_message answer)
{
	char address[PL_ADDRESS_MAX + 1], ip[PL_IP_TEXT];

	daemon_log(LOG_INFO, "%s: member=%s service=smtp action=%s client=%s", queue_id(ctx),
		   pl_address_format(member, address), traffic_message_name(answer),
		   pl_ip_format(&client->ip, ip));
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long offered, unsigned long steps,
			     unsigned long unused2, unsigned long unused3, unsigned long *actions_r,
			     unsigned long *steps_r, unsigned long *unused2_r,
			     unsigned long *unused3_r)
{
	const unsigned long never = SMFIP_NOHELO | SMFIP_NOMAIL | SMFIP_NOEOH | SMFIP_NOUNKNOWN;
	const enum milter_bodies bodies = milter_bodies(the_milter);
	const unsigned long of_bodies = bodies == MILTER_NO_BODIES
						? SMFIP_NOHDRS | SMFIP_NOBODY
						: (unsigned long)SMFIP_NR_HDR | SMFIP_SKIP;
	const unsigned long of_recipients =
		bodies == MILTER_BODIES_FOR_OUTSIDE ? SMFIP_NR_RCPT : SMFIP_NORCPT;
	const unsigned long want = never | of_bodies | of_recipients;
	const unsigned long changes =
		bodies == MILTER_NO_BODIES ? 0 : SMFIF_CHGBODY | SMFIF_CHGHDRS | SMFIF_ADDHDRS;

	(void)unused2;
	(void)unused3;
	/* on_data() needs the macros. */
	if ((steps & want) != want ||
	    (offered & (SMFIF_SETSYMLIST | changes)) != (SMFIF_SETSYMLIST | changes)) {
		daemon_log(LOG_ERR, "the mail server speaks too old a milter protocol; Postfix 2.6 "
				    "or later is needed");
		return SMFIS_REJECT;
	}
	*actions_r = SMFIF_SETSYMLIST | changes;
	*steps_r = want;
	*unused2_r = *unused3_r = 0;
	/* No mail server has this macro: `postlatch check` knows this milter by it. */
	smfi_setsymlist(ctx, SMFIM_CONNECT, (char *)"{postlatch}");
	if (bodies == MILTER_BODIES_FOR_OUTSIDE)
		smfi_setsymlist(ctx, SMFIM_ENVRCPT, (char *)"{auth_authen}");
	smfi_setsymlist(ctx, SMFIM_DATA,
			(char *)"i {auth_authen} {auth_type} {tls_version} {daemon_port}");
	smfi_setsymlist(ctx, SMFIM_EOM, (char *)"");
	return SMFIS_CONTINUE;
}

/* Postfix greets the client only when this has been answered: nobody has signed in before
 * the moment that is noted. */
static sfsistat on_connect(SMFICTX *ctx, char *hostname, _SOCK_ADDR *address)
{
	struct client *client = calloc(1, sizeof(*client));
	struct pl_error err;

	(void)hostname;
	/* Without memory there is no client, and DATA answers with a temporary failure. */
	if (client == NULL)
		return SMFIS_CONTINUE;
	traffic_connect(milter_traffic(the_milter));
	client->bodies = milter_bodies(the_milter);
	client->rewrite.milter = the_milter;
	pl_ip_from_sockaddr((const struct sockaddr *)address, &client->ip);
	smfi_setpriv(ctx, client);
	/* If this fails, a message fails, too, or the client has to connect again. */
	(void)milter_moment(the_milter, &client->connected, &err);
	return SMFIS_CONTINUE;
}

static void copy_macro(SMFICTX *ctx, const char *name, char *buf, size_t size)
{
	const char *value = macro(ctx, name);

	snprintf(buf, size, "%s", value == NULL ? "" : value);
}

/* For a connection test: what Postfix did not tell when the client signed in. */
static void show(SMFICTX *ctx, const struct client *client, const char *login,
		 const struct pl_address *member, int fresh)
{
	const char *port = macro(ctx, "{daemon_port}");
	struct pl_connection_attempt attempt = {
		.address = *member,
		.service = PL_SETTING_SMTP,
		.port = port == NULL ? 0 : (unsigned int)strtoul(port, NULL, 10),
		.ip = client->ip,
		.rule = fresh ? "message" : "sign-in-again",
		.allowed = fresh,
		.ms = pl_monotonic_ms(),
	};

	snprintf(attempt.name, sizeof(attempt.name), "%s", login);
	copy_macro(ctx, "{auth_type}", attempt.mechanism, sizeof(attempt.mechanism));
	copy_macro(ctx, "{tls_version}", attempt.tls, sizeof(attempt.tls));
	if (attempt.tls[0] == '\0')
		snprintf(attempt.tls, sizeof(attempt.tls), "none");
	milter_show(the_milter, &attempt);
}

static sfsistat submitted(SMFICTX *ctx, struct client *client, const char *login, int64_t began_ms)
{
	struct pl_address member;
	struct pl_error err = { 0 };
	const int fresh = milter_is_fresh(the_milter, login, &client->connected, &member, &err);
	const enum traffic_message answer = fresh ? TRAFFIC_ACCEPT : TRAFFIC_SIGN_IN_AGAIN;

	if (fresh < 0)
		return fail(ctx, &err, began_ms);
	count(answer, began_ms);
	log_decision(ctx, client, &member, answer);
	show(ctx, client, login, &member, fresh);
	if (fresh && client->bodies != MILTER_NO_BODIES)
		rewrite_begin(&client->rewrite, &member,
			      client->bodies == MILTER_BODIES_FOR_OUTSIDE);
	if (fresh)
		return SMFIS_CONTINUE;
	milter_count_refusal(the_milter, &member, "sign-in-again");
	/* Postfix hangs up after 421. */
	return refuse(ctx, "421", "4.7.0",
		      "The account or the policy has changed; connect and sign in again");
}

/* The name with which the client has signed in; NULL: it has not. */
static const char *login_of(SMFICTX *ctx)
{
	const char *login = macro(ctx, "{auth_authen}");

	return login == NULL || *login == '\0' ? NULL : login;
}

/* Those that Postfix accepts; without an answer. */
static sfsistat on_recipient(SMFICTX *ctx, char **arguments)
{
	struct client *client = smfi_getpriv(ctx);

	if (client != NULL && client->bodies == MILTER_BODIES_FOR_OUTSIDE && login_of(ctx) != NULL)
		rewrite_recipient(&client->rewrite, arguments[0]);
	return SMFIS_NOREPLY;
}

static sfsistat on_data(SMFICTX *ctx)
{
	struct client *client = smfi_getpriv(ctx);
	const struct pl_error no_memory = { PL_ERR_RETRY, "out of memory" };
	const int64_t began_ms = pl_monotonic_ms();
	const char *login = login_of(ctx);

	/* Mail without a login is none of our business. */
	if (login == NULL)
		return SMFIS_CONTINUE;
	return client == NULL ? fail(ctx, &no_memory, began_ms)
			      : submitted(ctx, client, login, began_ms);
}

static sfsistat on_field(SMFICTX *ctx, char *name, char *value)
{
	struct client *client = smfi_getpriv(ctx);

	if (client != NULL)
		rewrite_field(&client->rewrite, name, value);
	return SMFIS_NOREPLY;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t count)
{
	struct client *client = smfi_getpriv(ctx);

	return client == NULL ? SMFIS_SKIP : rewrite_body(&client->rewrite, ctx, bytes, count);
}

static sfsistat on_message(SMFICTX *ctx)
{
	struct client *client = smfi_getpriv(ctx);
	sfsistat answer;

	if (client == NULL)
		return SMFIS_CONTINUE;
	answer = rewrite_finish(&client->rewrite, ctx);
	rewrite_end(&client->rewrite);
	return answer;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct client *client = smfi_getpriv(ctx);

	if (client != NULL)
		rewrite_end(&client->rewrite);
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct client *client = smfi_getpriv(ctx);

	if (client != NULL) {
		rewrite_end(&client->rewrite);
		traffic_disconnect(milter_traffic(the_milter));
	}
	free(client);
	smfi_setpriv(ctx, NULL);
	return SMFIS_CONTINUE;
}

int callbacks_register(struct milter *milter)
{
	struct smfiDesc description = {
		.xxfi_name = (char *)"postlatch",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_SETSYMLIST | SMFIF_CHGBODY | SMFIF_CHGHDRS | SMFIF_ADDHDRS,
		.xxfi_connect = on_connect,
		.xxfi_envrcpt = on_recipient,
		.xxfi_header = on_field,
		.xxfi_body = on_body,
		.xxfi_eom = on_message,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_data = on_data,
		.xxfi_negotiate = on_negotiate,
	};

	the_milter = milter;
	return smfi_register(description) == MI_SUCCESS ? 0 : -1;
}
