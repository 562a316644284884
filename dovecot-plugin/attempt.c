/* attempt.c - see attempt.h. */
#include "dovecot-plugin/attempt.h"

#include "dovecot-plugin/compat.h"
#include "dovecot-plugin/login_end.h"
#include "policy/base/monotonic.h"

/* Postfix says only whether there is TLS; Dovecot's login processes call a connection of the
 * machine with itself secured, too, and no program tells the version. */
static bool is_encrypted(const struct auth_request *request)
{
	const struct ip_addr *local = &request->fields.real_local_ip,
			     *remote = &request->fields.real_remote_ip;

	switch (compat_secured(request)) {
	case COMPAT_NOT_SECURED:
		return FALSE;
	case COMPAT_SECURED:
		return strcmp(compat_service(request), "smtp") == 0 ||
		       !net_ip_compare(local, remote);
	case COMPAT_SECURED_BY_TLS:
		return TRUE;
	}
	i_unreached();
}

void attempt_fill(const struct login *login, const char *rule,
		  struct pl_connection_attempt *attempt_r)
{
	const struct auth_request *request = login->request;
	const char *typed = request->fields.original_username;

	i_zero(attempt_r);
	attempt_r->address = login->record.address;
	attempt_r->is_nobody = login->is_nobody;
	attempt_r->service = login->record.service;
	attempt_r->ip = login->record.ip;
	attempt_r->port = request->fields.local_port;
	attempt_r->rule = rule;
	attempt_r->ms = pl_monotonic_ms();
	/* What is cut off is too long for an address. */
	(void)i_strocpy(attempt_r->name, typed != NULL ? typed : request->fields.user,
			sizeof(attempt_r->name));
	(void)i_strocpy(attempt_r->mechanism, request->fields.mech_name,
			sizeof(attempt_r->mechanism));
	(void)i_strocpy(attempt_r->tls, is_encrypted(request) ? "yes" : "none",
			sizeof(attempt_r->tls));
}
