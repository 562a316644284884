/* mobileconfig.c - see mobileconfig.h. */
#include "portal/setup/mobileconfig.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "portal/setup/xml.h"

static const char *const descriptions[LANGUAGES] = {
#define DESCRIPTION(en, ko) [ENGLISH] = en, [KOREAN] = ko,
#include "portal/setup/mobileconfig.def"
#undef DESCRIPTION
};

#define UUID_TEXT 37
#define IDENTIFIER_TEXT (PL_DOMAIN_MAX + 64)

/* What a profile is written from. */
struct profile {
	const struct request *request;
	const struct pl_mail_settings *settings;
	const struct mobileconfig_services *services;
	const struct pl_profile_link *link;
	const struct pl_secret *password;
	char address[PL_ADDRESS_MAX + 1];
	char identifier[IDENTIFIER_TEXT];
};

static const struct pl_mail_service *first_of(const struct pl_mail_settings *settings,
					      const struct pl_app_password *app_password,
					      enum pl_setting service)
{
	const int is_covered = pl_services_cover(app_password->services, service);

	for (size_t i = 0; i < settings->count && is_covered; i++) {
		if (settings->services[i].service == service)
			return &settings->services[i];
	}
	return NULL;
}

int mobileconfig_choose(const struct pl_mail_settings *settings,
			const struct pl_app_password *app_password,
			struct mobileconfig_services *services_r)
{
	services_r->incoming = first_of(settings, app_password, PL_SETTING_IMAP);
	if (services_r->incoming == NULL)
		services_r->incoming = first_of(settings, app_password, PL_SETTING_POP3);
	services_r->outgoing = first_of(settings, app_password, PL_SETTING_SMTP);
	return settings->app_passwords && services_r->incoming != NULL &&
	       services_r->outgoing != NULL;
}

static void digest_of(const struct profile *profile, const char *what, int64_t id,
		      unsigned char digest_r[32])
{
	char text[2 * PL_ADDRESS_MAX + 512];
	int len = snprintf(text, sizeof(text), "postlatch:profile:v1|%.400s|%s|%s|%lld",
			   profile->request->policy->portal_url, profile->address, what,
			   (long long)id);

	EVP_Q_digest(NULL, "SHA256", NULL, text, (size_t)len, digest_r, NULL);
}

/* RFC 9562 5.8: of a digest. */
static char *uuid(const struct profile *profile, const char *what, char text_r[UUID_TEXT])
{
	unsigned char b[32];

	digest_of(profile, what, profile->link->app_password.id, b);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x80);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(text_r, UUID_TEXT,
		 "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
	return text_r;
}

/* "login.example.com.mail.0123456789abcdef": one for each address. */
static void identify(struct profile *profile)
{
	char host[PL_DOMAIN_MAX + 1];
	unsigned char b[32];

	digest_of(profile, "identifier", 0, b);
	snprintf(profile->identifier, sizeof(profile->identifier),
		 "%s.mail.%02x%02x%02x%02x%02x%02x%02x%02x",
		 pl_policy_portal_host(profile->request->policy, host), b[0], b[1], b[2], b[3],
		 b[4], b[5], b[6], b[7]);
}

static void put_text(FILE *out, const char *key, const char *value)
{
	fprintf(out, "<key>%s</key>\n", key);
	xml_element(out, "string", value);
}

static void put_number(FILE *out, const char *key, unsigned int value)
{
	fprintf(out, "<key>%s</key>\n<integer>%u</integer>\n", key, value);
}

static void put_flag(FILE *out, const char *key, int value)
{
	fprintf(out, "<key>%s</key>\n<%s/>\n", key, value ? "true" : "false");
}

/* What every payload has. */
static void put_head(FILE *out, const struct profile *profile, const char *type, const char *what,
		     const char *suffix)
{
	char text[UUID_TEXT];

	put_text(out, "PayloadType", type);
	put_number(out, "PayloadVersion", 1);
	fputs("<key>PayloadIdentifier</key>\n<string>", out);
	xml_put(out, profile->identifier);
	fprintf(out, "%s</string>\n", suffix);
	put_text(out, "PayloadUUID", uuid(profile, what, text));
}

/* side is "Incoming" or "Outgoing". With SSL, the device finds out by itself whether the server
 * wants STARTTLS. */
static void put_server(FILE *out, const struct profile *profile, const char *side,
		       const struct pl_mail_service *service)
{
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "MailServerAuthentication", "EmailAuthPassword" },
		{ "MailServerHostName", profile->settings->server },
		{ "MailServerUsername", profile->address },
		{ "Password", (const char *)profile->password->data },
	};
	char key[64];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(key, sizeof(key), "%s%s", side, texts[i].name);
		put_text(out, key, texts[i].value);
	}
	snprintf(key, sizeof(key), "%sMailServerPortNumber", side);
	put_number(out, key, service->port);
	snprintf(key, sizeof(key), "%sMailServerUseSSL", side);
	put_flag(out, key, 1);
}

static void put_account(FILE *out, const struct profile *profile)
{
	const int is_imap = profile->services->incoming->service == PL_SETTING_IMAP;

	fputs("<key>PayloadContent</key>\n<array>\n<dict>\n", out);
	put_head(out, profile, "com.apple.mail.managed", "account", ".account");
	put_text(out, "EmailAccountType", is_imap ? "EmailTypeIMAP" : "EmailTypePOP");
	put_text(out, "EmailAccountDescription", profile->request->policy->portal_name);
	put_text(out, "EmailAddress", profile->address);
	put_server(out, profile, "Incoming", profile->services->incoming);
	put_server(out, profile, "Outgoing", profile->services->outgoing);
	fputs("</dict>\n</array>\n", out);
}

static void put_profile(FILE *out, const struct profile *profile)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
	      "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
	      "<plist version=\"1.0\">\n<dict>\n",
	      out);
	put_head(out, profile, "Configuration", "profile", "");
	fputs("<key>PayloadDisplayName</key>\n<string>", out);
	xml_put(out, profile->request->policy->portal_name);
	fputs(": ", out);
	xml_put(out, profile->address);
	fprintf(out, "</string>\n<key>PayloadDescription</key>\n<string>%s \xe2\x80\x9c",
		descriptions[request_language(profile->request)]);
	xml_put(out, profile->link->app_password.label);
	fputs("\xe2\x80\x9d</string>\n", out);
	put_text(out, "PayloadOrganization", profile->request->policy->portal_name);
	put_account(out, profile);
	fputs("</dict>\n</plist>\n", out);
}

size_t mobileconfig_write(const struct request *request, const struct pl_mail_settings *settings,
			  const struct mobileconfig_services *services,
			  const struct pl_profile_link *link, const struct pl_secret *password,
			  char profile_r[MOBILECONFIG_MAX])
{
	struct profile profile = { .request = request,
				   .settings = settings,
				   .services = services,
				   .link = link,
				   .password = password };
	/* A memory stream would leave copies of the password where it has grown. */
	FILE *out = fmemopen(profile_r, MOBILECONFIG_MAX, "w");
	long len;

	if (out == NULL)
		return 0;
	setvbuf(out, NULL, _IONBF, 0);
	pl_address_format(&link->address, profile.address);
	identify(&profile);
	put_profile(out, &profile);
	len = ferror(out) ? 0 : ftell(out);
	fclose(out);
	return len < 0 ? 0 : (size_t)len;
}
