/* pacc.h - the document of draft-ietf-mailmaint-pacc-04, and the DNS record of its digest.
 *
 * Programs read https://ua-auto-config.DOMAIN/.well-known/user-agent-configuration.json, and
 * believe it when the TXT record of _ua-auto-config.DOMAIN has the SHA-256 of its bytes. The portal
 * serves the document and the command prints the record; both make it here, so that every byte
 * agrees.
 */
#ifndef POSTLATCH_PACC_H
#define POSTLATCH_PACC_H

#include "policy/settings/mail_settings.h"

#define PL_PACC_DOCUMENT 4096 /* room for a document with its NUL */
#define PL_PACC_RECORD 96     /* for a record */

/* Writes the document; its length, or 0 when no service has the port and encryption that the draft
 * takes for granted (993, 995 and 465 with TLS). */
size_t pl_pacc_document(const struct pl_policy *policy, const struct pl_mail_settings *settings,
			char document_r[PL_PACC_DOCUMENT]);
/* Writes "v=UAAC1; a=sha256; d=...". 0, or -1 when OpenSSL fails. */
int pl_pacc_record(const char *document, size_t len, char record_r[PL_PACC_RECORD],
		   struct pl_error *err);

#endif
