/* autodiscover.c - Autodiscover with plain XML (MS-OXDSCLI), which Outlook reads for IMAP, POP3 and
 * SMTP. */
#include <string.h>
#include <time.h>

#include "portal/setup/domain.h"
#include "portal/setup/handlers.h"
#include "portal/setup/pox_request.h"
#include "portal/setup/xml.h"

#define SCHEMA "http://schemas.microsoft.com/exchange/autodiscover/"
#define OUTLOOK SCHEMA "outlook/responseschema/2006a"

/* MS-OXDSCLI 2.2.4.1.1.2.6.1. */
enum { NO_SUCH_ADDRESS = 500, NOT_A_REQUEST = 600, NO_SUCH_SCHEMA = 601 };

static FILE *begin(struct response *response, struct pl_error *err)
{
	FILE *out = open_memstream(&response->body, &response->body_len);

	if (out == NULL) {
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
		return NULL;
	}
	response->status = 200;
	response->type = "text/xml; charset=utf-8";
	fputs("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	      "<Autodiscover xmlns=\"" SCHEMA "responseschema/2006\">\n",
	      out);
	return out;
}

static int refuse(const struct request *request, struct response *response, int code,
		  const char *message, struct pl_error *err)
{
	const time_t now = (time_t)request->work.now;
	char text[32] = "";
	struct tm tm;
	FILE *out = begin(response, err);

	if (out == NULL)
		return -1;
	if (gmtime_r(&now, &tm) != NULL)
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	fprintf(out,
		"<Response>\n<Error Time=\"%s\" Id=\"0\">\n<ErrorCode>%d</ErrorCode>\n"
		"<Message>%s</Message>\n<DebugData/>\n</Error>\n</Response>\n</Autodiscover>\n",
		text, code, message);
	fclose(out);
	return 0;
}

/* Outlook takes the first of a kind. */
static void put_protocol(FILE *out, const struct pl_mail_settings *settings,
			 enum pl_setting service, const char *type, const char *address)
{
	const struct pl_mail_service *found = NULL;

	for (size_t i = 0; i < settings->count && found == NULL; i++) {
		if (settings->services[i].service == service)
			found = &settings->services[i];
	}
	if (found == NULL)
		return;
	fprintf(out, "<Protocol>\n<Type>%s</Type>\n", type);
	xml_element(out, "Server", settings->server);
	fprintf(out, "<Port>%u</Port>\n<DomainRequired>off</DomainRequired>\n", found->port);
	xml_element(out, "LoginName", address);
	fprintf(out,
		"<SPA>off</SPA>\n<SSL>on</SSL>\n<Encryption>%s</Encryption>\n"
		"<AuthRequired>on</AuthRequired>\n",
		found->encryption == PL_MAIL_TLS ? "SSL" : "TLS");
	if (service == PL_SETTING_SMTP)
		fputs("<UsePOPAuth>on</UsePOPAuth>\n<SMTPLast>off</SMTPLast>\n", out);
	fputs("</Protocol>\n", out);
}

static int answer(struct response *response, const struct setup *setup, const char *address,
		  struct pl_error *err)
{
	FILE *out = begin(response, err);

	if (out == NULL)
		return -1;
	fputs("<Response xmlns=\"" OUTLOOK "\">\n<User>\n", out);
	xml_element(out, "DisplayName", address);
	fputs("</User>\n<Account>\n<AccountType>email</AccountType>\n"
	      "<Action>settings</Action>\n",
	      out);
	put_protocol(out, &setup->settings, PL_SETTING_IMAP, "IMAP", address);
	put_protocol(out, &setup->settings, PL_SETTING_POP3, "POP3", address);
	put_protocol(out, &setup->settings, PL_SETTING_SMTP, "SMTP", address);
	fputs("</Account>\n</Response>\n</Autodiscover>\n", out);
	fclose(out);
	return 0;
}

int post_autodiscover(struct request *request, struct response *response, struct pl_error *err)
{
	struct pox_request wanted;
	struct setup setup;
	int ret;

	if (request->body == NULL ||
	    pox_request_read(request->body, request->body_len, &wanted) < 0 ||
	    wanted.address[0] == '\0')
		return refuse(request, response, NOT_A_REQUEST, "Invalid Request", err);
	if (wanted.schema[0] != '\0' && strcmp(wanted.schema, OUTLOOK) != 0)
		return refuse(request, response, NO_SUCH_SCHEMA, "Provider is not available", err);
	ret = setup_find(request, wanted.address, &setup, err);
	if (ret <= 0)
		return ret < 0 ? -1
			       : refuse(request, response, NO_SUCH_ADDRESS,
					"The email address cannot be found", err);
	/* Outlook knows no OAuth server but its own. */
	if (!pl_mail_takes_passwords(&setup.settings))
		return refuse(request, response, NO_SUCH_SCHEMA, "Provider is not available", err);
	return answer(response, &setup, wanted.address, err);
}
