/* worker.c - see worker.h. */
#include "dovecot-plugin/worker.h"

#include "str.h"
#include "strescape.h"
#include "passdb-blocking.h"

#include "dovecot-plugin/compat.h"

#include <stdio.h>

#define FIELD "postlatch_use"

struct errand {
	struct auth_request *request;
	verify_plain_callback_t *verify_plain; /* one of the two */
	lookup_credentials_callback_t *lookup_credentials;
	worker_note_t *note;
};

void worker_report(struct auth_request *request, int64_t member_id, int64_t app_password_id)
{
	auth_request_set_field(request, FIELD,
			       t_strdup_printf("%lld,%lld", (long long)member_id,
					       (long long)app_password_id),
			       NULL);
}

static void take_report(const struct errand *errand, enum passdb_result result)
{
	struct auth_fields *fields = errand->request->fields.extra_fields;
	const char *text = auth_fields_find(fields, FIELD);
	long long member_id = 0, app_password_id = 0;

	if (text != NULL && sscanf(text, "%lld,%lld", &member_id, &app_password_id) != 2)
		member_id = app_password_id = 0;
	auth_fields_remove(fields, FIELD);
	/* The answer to a lookup that goes on to the next passdb has no room for fields. */
	if (text != NULL ||
	    (errand->lookup_credentials != NULL && result == PASSDB_RESULT_USER_UNKNOWN))
		errand->note(errand->request, member_id, app_password_id);
}

static bool answered(struct auth_worker_connection *conn ATTR_UNUSED, compat_reply_t reply,
		     void *context)
{
	struct errand *errand = context;
	struct auth_request *request = errand->request;
	enum passdb_result result = passdb_blocking_auth_worker_reply_parse(request, reply);

	take_report(errand, result);
	request->passdb_password = NULL; /* an empty one, for a mechanism that wants one */
	if (result == PASSDB_RESULT_INTERNAL_FAILURE)
		compat_fails_for_now(request);
	if (errand->verify_plain != NULL)
		errand->verify_plain(result, request);
	else
		errand->lookup_credentials(result, uchar_empty_ptr, 0, request);
	auth_request_unref(&request);
	return TRUE;
}

static void send_errand(const struct errand *errand, const char *command, const char *argument)
{
	struct auth_request *request = errand->request;
	struct errand *kept = p_new(request->pool, struct errand, 1);
	string_t *str = t_str_new(256);

	*kept = *errand;
	str_printfa(str, "%s\t%u\t", command, request->passdb->passdb->id);
	str_append_tabescaped(str, argument);
	str_append_c(str, '\t');
	auth_request_export(request, str);
	auth_request_ref(request);
	auth_worker_call(request->pool, request->fields.user, str_c(str), answered, kept);
}

void worker_verify_plain(struct auth_request *request, const char *password,
			 verify_plain_callback_t *callback, worker_note_t *note)
{
	const struct errand errand = { .request = request, .verify_plain = callback, .note = note };

	send_errand(&errand, "PASSV", password);
}

void worker_lookup_credentials(struct auth_request *request,
			       lookup_credentials_callback_t *callback, worker_note_t *note)
{
	const struct errand errand = { .request = request,
				       .lookup_credentials = callback,
				       .note = note };

	send_errand(&errand, "PASSL", request->wanted_credentials_scheme);
}
