/* rewrite.c - see rewrite.h. */
#include "milter/rewrite.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "daemon/log.h"
#include "milter/spool.h"

void rewrite_begin(struct rewrite *rewrite, const struct pl_address *member, int outside_only)
{
	const int has_outside = rewrite->has_outside;

	rewrite_end(rewrite);
	if (outside_only && !has_outside)
		return;
	rewrite->member = *member;
	rewrite->message = message_new();
}

void rewrite_end(struct rewrite *rewrite)
{
	message_free(&rewrite->message);
	rewrite->is_on = 0;
	rewrite->has_outside = 0;
}

/* One that cannot be looked up counts as inside: the mail stays as it is. */
void rewrite_recipient(struct rewrite *rewrite, const char *address)
{
	const struct pl_address nobody = { 0 };
	struct attachments attachments;
	char bare[PL_ADDRESS_MAX + 1];
	struct pl_error err;

	if (rewrite->has_outside ||
	    milter_begin_attachments(rewrite->milter, &nobody, &attachments, &err) < 0)
		return;
	address += *address == '<';
	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(address, ">"), address);
	rewrite->has_outside = attachments_is_inside(&attachments, bare, &err) == 0;
	milter_end_attachments(&attachments);
}

void rewrite_field(struct rewrite *rewrite, const char *name, const char *value)
{
	struct pl_error err;

	if (rewrite->message != NULL && message_field(rewrite->message, name, value, &err) < 0)
		message_free(&rewrite->message);
}

static const char *queue_id(SMFICTX *ctx)
{
	const char *id = smfi_getsymval(ctx, (char *)"i");

	return id == NULL ? "NOQUEUE" : id;
}

/* Logged and counted. */
static void note_outcome(const struct rewrite *rewrite, SMFICTX *ctx,
			 enum traffic_attachments outcome, const char *said)
{
	char address[PL_ADDRESS_MAX + 1];

	traffic_count_attachments(milter_traffic(rewrite->milter), outcome);
	daemon_log(LOG_INFO, "%s: member=%s attachments=%s%s%s", queue_id(ctx),
		   pl_address_format(&rewrite->member, address), traffic_attachments_name(outcome),
		   said[0] == '\0' ? "" : " reason=", said);
}

static sfsistat refuse(SMFICTX *ctx, int is_final, const char *code, const char *status,
		       const char *sentence)
{
	(void)smfi_setreply(ctx, (char *)code, (char *)status, (char *)sentence);
	return is_final ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

/* They cannot be stored: what the policy says. */
static sfsistat fail(const struct rewrite *rewrite, const struct attachments *attachments,
		     SMFICTX *ctx, const struct pl_error *err, sfsistat go_on)
{
	const int is_refused =
		attachments != NULL && attachments->snapshot->policy->attachment_failure != 0;
	const enum traffic_attachments outcome =
		is_refused ? TRAFFIC_NOT_STORED : TRAFFIC_UNCHANGED;
	struct pl_error logged = *err;

	pl_error_prefix(&logged, "attachments=%s", traffic_attachments_name(outcome));
	daemon_log_failure(queue_id(ctx), &logged);
	note_outcome(rewrite, ctx, outcome, "failure");
	return is_refused
		       ? refuse(ctx, 0, "452", "4.3.1",
				"The attachments cannot be stored at the moment; try again later")
		       : go_on;
}

/* Whether the message is to be kept: 1, 0 or -1. */
static int is_on(struct rewrite *rewrite, const struct attachments *attachments,
		 struct pl_error *err)
{
	const int on = attachments_are_on(attachments, err);

	rewrite->is_on = on == 1;
	return on;
}

/* 1 it is kept; 0 it stays as it is; -1. */
static int keep(struct rewrite *rewrite, const struct attachments *attachments,
		const unsigned char *bytes, size_t count, struct pl_error *err)
{
	if (!rewrite->is_on && message_size(rewrite->message) + count > SPOOL_MEMORY) {
		const int on = is_on(rewrite, attachments, err);

		if (on != 1)
			return on;
	}
	if (message_body(rewrite->message, bytes, count, err) < 0)
		return -1;
	return 1;
}

sfsistat rewrite_body(struct rewrite *rewrite, SMFICTX *ctx, const unsigned char *bytes,
		      size_t count)
{
	struct attachments attachments = { 0 };
	struct pl_error err = { 0 };
	sfsistat answer = SMFIS_SKIP;
	int kept;

	if (rewrite->message == NULL)
		return SMFIS_SKIP;
	if (milter_begin_attachments(rewrite->milter, &rewrite->member, &attachments, &err) < 0) {
		answer = fail(rewrite, NULL, ctx, &err, SMFIS_SKIP);
		message_free(&rewrite->message);
		return answer;
	}
	kept = keep(rewrite, &attachments, bytes, count, &err);
	if (kept < 0)
		answer = fail(rewrite, &attachments, ctx, &err, SMFIS_SKIP);
	milter_end_attachments(&attachments);
	if (kept == 1 && !message_stays(rewrite->message))
		return SMFIS_CONTINUE;
	message_free(&rewrite->message);
	return answer;
}

static void tell_progress(void *context)
{
	(void)smfi_progress(context);
}

static int change_header(const struct message *message, SMFICTX *ctx)
{
	size_t count;
	const struct message_change *changes = message_changes(message, &count);

	for (size_t i = 0; i < count; i++) {
		const struct message_change *change = &changes[i];
		const int status =
			change->is_new
				? smfi_addheader(ctx, (char *)change->name, (char *)change->value)
				: smfi_chgheader(ctx, (char *)change->name, (int)change->number,
						 (char *)change->value);

		if (status != MI_SUCCESS)
			return -1;
	}
	return 0;
}

/* A piece is smaller than what one call takes, 65,535 bytes. */
static int replace_body(void *context, const unsigned char *bytes, size_t count)
{
	return count == 0 || smfi_replacebody(context, (unsigned char *)bytes, (int)count) ==
				       MI_SUCCESS
		       ? 0
		       : -1;
}

/* Header first, then the body in one run: Postfix takes nothing between its pieces. */
static sfsistat change(struct rewrite *rewrite, SMFICTX *ctx)
{
	if (change_header(rewrite->message, ctx) < 0 ||
	    message_write(rewrite->message, replace_body, ctx) != 0) {
		const struct pl_error err = { PL_ERR_RETRY,
					      "the new message cannot be told to the mail server" };

		daemon_log_failure(queue_id(ctx), &err);
		return refuse(ctx, 0, "451", "4.3.0",
			      "The message cannot be changed; try again later");
	}
	note_outcome(rewrite, ctx, TRAFFIC_REPLACED, "");
	return SMFIS_CONTINUE;
}

static sfsistat answer_to(struct rewrite *rewrite, const struct attachments *attachments,
			  SMFICTX *ctx)
{
	char said[ATTACHMENTS_SAID] = "";
	struct pl_error err = { 0 };

	switch (attachments_take_out(attachments, rewrite->message, said, &err)) {
	case ATTACHMENTS_UNCHANGED:
		if (said[0] != '\0')
			note_outcome(rewrite, ctx, TRAFFIC_UNCHANGED, said);
		return SMFIS_CONTINUE;
	case ATTACHMENTS_REPLACED:
		return change(rewrite, ctx);
	case ATTACHMENTS_FAILED:
		return fail(rewrite, attachments, ctx, &err, SMFIS_CONTINUE);
	case ATTACHMENTS_INFECTED:
		note_outcome(rewrite, ctx, TRAFFIC_INFECTED, said);
		return refuse(ctx, 1, "554", "5.7.1", "An attachment is infected");
	case ATTACHMENTS_UNSCANNED:
		note_outcome(rewrite, ctx, TRAFFIC_NOT_SCANNED, said);
		return refuse(ctx, 0, "451", "4.7.1",
			      "The attachments cannot be scanned at the moment; try again later");
	case ATTACHMENTS_TOO_LARGE:
		note_outcome(rewrite, ctx, TRAFFIC_NOT_SCANNED, said);
		return refuse(ctx, 1, "554", "5.7.1", "An attachment is too large to be scanned");
	}
	return SMFIS_TEMPFAIL;
}

sfsistat rewrite_finish(struct rewrite *rewrite, SMFICTX *ctx)
{
	struct attachments attachments;
	struct pl_error err = { 0 };
	sfsistat answer = SMFIS_CONTINUE;

	/* What has stayed in memory is smaller than any threshold. */
	if (rewrite->message != NULL && rewrite->is_on) {
		if (milter_begin_attachments(rewrite->milter, &rewrite->member, &attachments,
					     &err) < 0)
			return fail(rewrite, NULL, ctx, &err, SMFIS_CONTINUE);
		attachments.progress = tell_progress;
		attachments.context = ctx;
		answer = answer_to(rewrite, &attachments, ctx);
		milter_end_attachments(&attachments);
	}
	return answer;
}
