/* pacc.c - see pacc.h. */
#include "policy/settings/pacc.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_BYTES 32

static const struct {
	enum pl_setting service;
	unsigned int port;
	const char *name; /* in the document */
} protocols[] = {
	{ PL_SETTING_IMAP, 993, "imap" },
	{ PL_SETTING_POP3, 995, "pop3" },
	{ PL_SETTING_SMTP, 465, "submit" },
};

static int is_offered(const struct pl_mail_settings *settings, enum pl_setting service,
		      unsigned int port)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct pl_mail_service *offered = &settings->services[i];

		if (offered->service == service && offered->port == port &&
		    offered->encryption == PL_MAIL_TLS)
			return 1;
	}
	return 0;
}

/* Text without control characters (RFC 8259 7). */
static void put_string(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

/* How many there are. */
static int put_protocols(FILE *out, const struct pl_mail_settings *settings)
{
	int count = 0;

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (!is_offered(settings, protocols[i].service, protocols[i].port))
			continue;
		fprintf(out, "%s\"%s\":{\"host\":", count++ == 0 ? "" : ",", protocols[i].name);
		put_string(out, settings->server);
		putc('}', out);
	}
	return count;
}

size_t pl_pacc_document(const struct pl_policy *policy, const struct pl_mail_settings *settings,
			char document_r[PL_PACC_DOCUMENT])
{
	FILE *out = fmemopen(document_r, PL_PACC_DOCUMENT, "w");
	int count;

	document_r[0] = '\0';
	if (out == NULL)
		return 0;
	fputs("{\"protocols\":{", out);
	count = put_protocols(out, settings);
	fprintf(out, "},\"authentication\":{\"password\":%s",
		pl_mail_takes_passwords(settings) ? "true" : "false");
	if (settings->oauth)
		fprintf(out, ",\"oauth-public\":{\"issuer\":\"%s\"}", policy->portal_url);
	fputs("},\"info\":{\"provider\":{\"name\":", out);
	put_string(out, policy->portal_name);
	fputs("},\"help\":{\"documentation\":\"", out);
	fprintf(out, "%s/account/set-up\"}}}", policy->portal_url);
	if (fclose(out) != 0 || count == 0)
		document_r[0] = '\0';
	return strlen(document_r);
}

int pl_pacc_record(const char *document, size_t len, char record_r[PL_PACC_RECORD],
		   struct pl_error *err)
{
	unsigned char digest[DIGEST_BYTES];
	char text[4 * ((DIGEST_BYTES + 2) / 3) + 1];

	if (EVP_Q_digest(NULL, "SHA256", NULL, document, len, digest, NULL) != 1)
		return pl_error_set(err, PL_ERR_RETRY, "OpenSSL could not compute a digest");
	EVP_EncodeBlock((unsigned char *)text, digest, sizeof(digest));
	snprintf(record_r, PL_PACC_RECORD, "v=UAAC1; a=sha256; d=%s", text);
	return 0;
}
