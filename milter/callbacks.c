/* callbacks.c - evaluates messages at the events of libmilter; see callbacks.h.
 *
 * Everything that needs no answer is negotiated away. Submitted mail is evaluated at DATA,
 * the first event at which Postfix knows the queue id; forwarded mail at the end of the
 * message, when its header is known.
 */
#include "milter/callbacks.h"

#include <libmilter/mfapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "daemon/log.h"

static struct milter *the_milter; /* set once, before there are threads */

/* One SMTP session. */
struct client {
	struct pl_ip ip;
	int waits; /* the other end is Pigeonhole, and learns of a refusal at once */
	struct message message;
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
	char text[512];

	/* libmilter takes '%' in a reply for its own. */
	snprintf(text, sizeof(text), "%s", sentence);
	for (char *c = text; *c != '\0'; c++) {
		if (*c == '%' || (unsigned char)*c < ' ')
			*c = '?';
	}
	if (smfi_setreply(ctx, (char *)code, (char *)status, text) == MI_FAILURE)
		return code[0] == '5' ? SMFIS_REJECT : SMFIS_TEMPFAIL;
	return code[0] == '5' ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* Cannot tell: the sender tries again later. */
static sfsistat fail(SMFICTX *ctx, const struct pl_error *err)
{
	struct pl_error logged = *err;

	pl_error_prefix(&logged, "action=tempfail");
	daemon_log_failure(queue_id(ctx), &logged);
	return refuse(ctx, "451", "4.3.0",
		      "The policy cannot be looked up at the moment; try again later");
}

static void log_decision(SMFICTX *ctx, const struct client *client, const struct decision *decision,
			 const char *action)
{
	char member[PL_ADDRESS_MAX + 1], ip[PL_IP_TEXT];

	daemon_log(strcmp(action, "hold") == 0 ? LOG_WARNING : LOG_INFO,
		   "%s: member=%s service=%s action=%s rule=%s client=%s", queue_id(ctx),
		   pl_address_format(&decision->member, member),
		   pl_setting_info(decision->verdict.service)->name, action,
		   pl_rule_name(decision->verdict.rule), pl_ip_format(&client->ip, ip));
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long offered, unsigned long steps,
			     unsigned long unused2, unsigned long unused3, unsigned long *actions_r,
			     unsigned long *steps_r, unsigned long *unused2_r,
			     unsigned long *unused3_r)
{
	const unsigned long want = SMFIP_NOHELO | SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NR_CONN |
				   SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NOEOH;
	const unsigned long need =
		SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT | SMFIF_QUARANTINE;

	(void)unused2;
	(void)unused3;
	/* The callbacks below answer nothing where NR is agreed: insist on it. */
	if ((steps & want) != want || (offered & need) != need) {
		daemon_log(LOG_ERR, "the mail server speaks too old a milter protocol; Postfix 2.6 "
				    "or later is needed");
		return SMFIS_REJECT;
	}
	*actions_r = need;
	*steps_r = want;
	*unused2_r = *unused3_r = 0;
	if ((offered & SMFIF_SETSYMLIST) != 0) {
		*actions_r |= SMFIF_SETSYMLIST;
		smfi_setsymlist(ctx, SMFIM_CONNECT, (char *)"{daemon_name}");
		smfi_setsymlist(ctx, SMFIM_ENVFROM, (char *)"{auth_authen} {auth_type}");
		smfi_setsymlist(ctx, SMFIM_ENVRCPT, (char *)"");
		smfi_setsymlist(ctx, SMFIM_DATA, (char *)"i");
		smfi_setsymlist(ctx, SMFIM_EOM, (char *)"i");
	}
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *hostname, _SOCK_ADDR *address)
{
	struct client *client = calloc(1, sizeof(*client));
	const char *daemon = macro(ctx, "{daemon_name}");

	(void)hostname;
	/* Without memory there is no client, and DATA answers with a temporary failure. */
	if (client != NULL) {
		pl_ip_from_sockaddr((const struct sockaddr *)address, &client->ip);
		client->waits = daemon != NULL && strcmp(daemon, CALLBACKS_REDIRECT_DAEMON) == 0;
		smfi_setpriv(ctx, client);
	}
	return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *ctx, char **args)
{
	struct client *client = smfi_getpriv(ctx);

	(void)args;
	if (client != NULL)
		message_reset(&client->message);
	return SMFIS_NOREPLY;
}

static sfsistat on_rcpt(SMFICTX *ctx, char **args)
{
	struct client *client = smfi_getpriv(ctx);

	if (client != NULL && args[0] != NULL)
		message_recipient(&client->message, args[0]);
	return SMFIS_NOREPLY;
}

static sfsistat submitted(SMFICTX *ctx, struct client *client, const char *login)
{
	const struct submission submission = { .login = login,
					       .mechanism = macro(ctx, "{auth_type}"),
					       .ip = client->ip };
	struct decision decision;
	struct pl_error err = { 0 };
	char sentence[256];

	if (evaluate_submission(the_milter, &submission, &decision, &err) < 0)
		return fail(ctx, &err);
	if (decision.verdict.outcome == PL_ALLOW) {
		log_decision(ctx, client, &decision, "accept");
		return SMFIS_ACCEPT;
	}
	log_decision(ctx, client, &decision, "reject");
	return refuse(ctx, "550", "5.7.1",
		      pl_verdict_sentence(&decision.verdict, sentence, sizeof(sentence)));
}

static sfsistat on_data(SMFICTX *ctx)
{
	struct client *client = smfi_getpriv(ctx);
	const struct pl_error no_memory = { PL_ERR_RETRY, "out of memory" };
	const char *login = macro(ctx, "{auth_authen}");

	if (client == NULL)
		return fail(ctx, &no_memory);
	if (login != NULL && *login != '\0')
		return submitted(ctx, client, login);
	return milter_is_resent_network(the_milter, &client->ip) ? SMFIS_CONTINUE : SMFIS_ACCEPT;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct client *client = smfi_getpriv(ctx);

	if (client != NULL)
		message_header(&client->message, name, value);
	return SMFIS_NOREPLY;
}

/* Makes the member the only recipient. 0, or -1 when Postfix is gone. */
static int keep_locally(SMFICTX *ctx, const struct message *message,
			const struct decision *decision)
{
	char member[PL_ADDRESS_MAX + 3], plain[PL_ADDRESS_MAX + 1];
	int ret = 0;

	snprintf(member, sizeof(member), "<%s>", pl_address_format(&decision->member, plain));
	/* Added first: a message must not be without any recipient in between. */
	if (smfi_addrcpt(ctx, member) == MI_FAILURE ||
	    smfi_addheader(ctx, (char *)MESSAGE_KEPT_HEADER, plain) == MI_FAILURE)
		return -1;
	for (size_t i = 0; i < message->recipient_count && ret == 0; i++) {
		if (strcasecmp(message->recipients[i], member) != 0)
			ret = smfi_delrcpt(ctx, message->recipients[i]) == MI_FAILURE ? -1 : 0;
	}
	/* local(8) takes its own Delivered-To for a forwarding loop, and bounces. */
	if (ret == 0 && decision->field->kind == TRACE_DELIVERED)
		ret = smfi_chgheader(ctx, (char *)MESSAGE_DELIVERED_HEADER, decision->field->nth,
				     NULL) == MI_FAILURE
			      ? -1
			      : 0;
	return ret;
}

static sfsistat hold(SMFICTX *ctx, struct client *client, const struct decision *decision)
{
	const struct pl_error lost = { PL_ERR_RETRY, "the mail server did not take the hold" };

	log_decision(ctx, client, decision, "hold");
	if (smfi_quarantine(ctx,
			    (char *)"forwarding is off, and the message cannot be kept locally") ==
	    MI_FAILURE)
		return fail(ctx, &lost);
	return SMFIS_CONTINUE;
}

/* Forwarding is off. Where the other end waits it is told; elsewhere a refusal would bounce
 * mail that is missing in the member's mailbox, so it is delivered there. */
static sfsistat keep_for_member(SMFICTX *ctx, struct client *client,
				const struct decision *decision)
{
	const struct pl_error lost = { PL_ERR_RETRY,
				       "the mail server did not take the new recipient" };
	char sentence[256];

	if (client->waits) {
		log_decision(ctx, client, decision, "reject");
		return refuse(ctx, "550", "5.7.1",
			      pl_verdict_sentence(&decision->verdict, sentence, sizeof(sentence)));
	}
	/* It was kept locally before, and is here again: do not go round in circles. */
	if (client->message.too_many || message_was_kept_for(&client->message, &decision->member))
		return hold(ctx, client, decision);
	if (keep_locally(ctx, &client->message, decision) < 0)
		return fail(ctx, &lost);
	log_decision(ctx, client, decision, "return");
	return SMFIS_CONTINUE;
}

static sfsistat on_end(SMFICTX *ctx)
{
	struct client *client = smfi_getpriv(ctx);
	struct decision decision;
	struct pl_error err = { 0 };
	sfsistat answer = SMFIS_CONTINUE;

	if (client == NULL || client->message.field_count == 0)
		return SMFIS_CONTINUE;
	if (evaluate_forwarded(the_milter, &client->message, &decision, &err) < 0)
		answer = fail(ctx, &err);
	else if (decision.field != NULL && decision.verdict.outcome == PL_DENY)
		answer = keep_for_member(ctx, client, &decision);
	else if (decision.field != NULL)
		log_decision(ctx, client, &decision, "accept");
	message_reset(&client->message);
	return answer;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct client *client = smfi_getpriv(ctx);

	if (client != NULL)
		message_reset(&client->message);
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct client *client = smfi_getpriv(ctx);

	if (client != NULL) {
		message_reset(&client->message);
		free(client);
		smfi_setpriv(ctx, NULL);
	}
	return SMFIS_CONTINUE;
}

int callbacks_register(struct milter *milter)
{
	struct smfiDesc description = {
		.xxfi_name = (char *)"postlatch",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_ADDRCPT | SMFIF_DELRCPT |
			      SMFIF_QUARANTINE | SMFIF_SETSYMLIST,
		.xxfi_connect = on_connect,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_header = on_header,
		.xxfi_eom = on_end,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_data = on_data,
		.xxfi_negotiate = on_negotiate,
	};

	the_milter = milter;
	return smfi_register(description) == MI_SUCCESS ? 0 : -1;
}
