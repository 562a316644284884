/* autoconfig.c - draft-ietf-mailmaint-autoconfig, version 1.2, which Thunderbird, K-9 and others
 * read. */
#include "portal/setup/domain.h"
#include "portal/setup/handlers.h"
#include "portal/setup/xml.h"

#define NAME_MAX_CHARACTERS 60
#define SHORT_NAME_MAX_CHARACTERS 20

/* What stands beside the link to the page with the settings: which password it is. */
static const struct {
	enum pl_value client_password;
	int app_passwords;
	const char *en, *ko;
} descriptions[] = {
#define DESCRIPTION(value, app_passwords, en, ko) { value, app_passwords, en, ko },
#include "portal/setup/description.def"
#undef DESCRIPTION
};

static void put_server(FILE *out, const char *element, const char *type,
		       const struct pl_mail_settings *settings,
		       const struct pl_mail_service *service)
{
	fprintf(out, "<%s type=\"%s\">\n", element, type);
	xml_element(out, "hostname", settings->server);
	fprintf(out, "<port>%u</port>\n<socketType>%s</socketType>\n", service->port,
		service->encryption == PL_MAIL_TLS ? "SSL" : "STARTTLS");
	if (settings->oauth)
		fputs("<authentication>OAuth2</authentication>\n", out);
	if (pl_mail_takes_passwords(settings))
		fputs("<authentication>password-cleartext</authentication>\n", out);
	fprintf(out, "<username>%%EMAILADDRESS%%</username>\n</%s>\n", element);
}

static void put_servers(FILE *out, const struct pl_mail_settings *settings, enum pl_setting which,
			const char *element, const char *type)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (settings->services[i].service == which)
			put_server(out, element, type, settings, &settings->services[i]);
	}
}

static void put_documentation(FILE *out, const struct request *request,
			      const struct pl_mail_settings *settings)
{
	fputs("<documentation url=\"", out);
	xml_put(out, request->policy->portal_url);
	fputs("/account/set-up\">\n", out);
	for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]); i++) {
		if (descriptions[i].client_password == settings->client_password &&
		    descriptions[i].app_passwords == settings->app_passwords)
			fprintf(out,
				"<descr lang=\"en\">%s</descr>\n<descr lang=\"ko\">%s</descr>\n",
				descriptions[i].en, descriptions[i].ko);
	}
	fputs("</documentation>\n", out);
}

/* Without a client id: programs register themselves (RFC 7591). */
static void put_oauth(FILE *out, const char *portal_url)
{
	fprintf(out,
		"<oAuth2>\n<authURL>%s/oauth2/authorize</authURL>\n"
		"<tokenURL>%s/oauth2/token</tokenURL>\n<issuer>%s</issuer>\n"
		"<scope>urn:ietf:params:oauth:scope:mail offline_access</scope>\n</oAuth2>\n",
		portal_url, portal_url, portal_url);
}

static void put_document(FILE *out, const struct request *request, const struct setup *setup)
{
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.2\">\n"
		"<emailProvider id=\"%s\">\n<domain>%s</domain>\n<displayName>",
		setup->domain, setup->domain);
	xml_put_short(out, request->policy->portal_name, NAME_MAX_CHARACTERS);
	fputs("</displayName>\n<displayShortName>", out);
	xml_put_short(out, request->policy->portal_name, SHORT_NAME_MAX_CHARACTERS);
	fputs("</displayShortName>\n", out);
	put_servers(out, &setup->settings, PL_SETTING_IMAP, "incomingServer", "imap");
	put_servers(out, &setup->settings, PL_SETTING_POP3, "incomingServer", "pop3");
	put_servers(out, &setup->settings, PL_SETTING_SMTP, "outgoingServer", "smtp");
	put_documentation(out, request, &setup->settings);
	fputs("</emailProvider>\n", out);
	put_servers(out, &setup->settings, PL_SETTING_SIEVE, "setupServer", "managesieve");
	if (setup->settings.oauth)
		put_oauth(out, request->policy->portal_url);
	fputs("</clientConfig>\n", out);
}

int get_autoconfig(struct request *request, struct response *response, struct pl_error *err)
{
	struct setup setup;
	FILE *out;
	int ret = setup_find(request, request_query(request, "emailaddress"), &setup, err);

	if (ret <= 0)
		return ret < 0 ? -1 : respond_error(response, 404, "not-found");
	out = open_memstream(&response->body, &response->body_len);
	if (out == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	put_document(out, request, &setup);
	fclose(out);
	response->status = 200;
	response->type = "application/xml; charset=utf-8";
	return 0;
}
