/* cmd_autoconfig.c - postlatch autoconfig ...: the DNS records by which mail programs find their
 * settings. */
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "policy/account/domain_mail.h"
#include "policy/settings/pacc.h"

/* The names of RFC 6186 3, RFC 8314 5.1 and RFC 5804 1.8. */
static const struct {
	enum pl_setting service;
	enum pl_mail_encryption encryption;
	const char *label;
	int refusable; /* it can be said that there is no such service (RFC 6186 3.4) */
} services[] = {
	{ PL_SETTING_IMAP, PL_MAIL_TLS, "_imaps._tcp", 1 },
	{ PL_SETTING_IMAP, PL_MAIL_STARTTLS, "_imap._tcp", 1 },
	{ PL_SETTING_POP3, PL_MAIL_TLS, "_pop3s._tcp", 1 },
	{ PL_SETTING_POP3, PL_MAIL_STARTTLS, "_pop3._tcp", 1 },
	{ PL_SETTING_SMTP, PL_MAIL_TLS, "_submissions._tcp", 1 },
	{ PL_SETTING_SMTP, PL_MAIL_STARTTLS, "_submission._tcp", 1 },
	{ PL_SETTING_SIEVE, PL_MAIL_STARTTLS, "_sieve._tcp", 0 },
};

/* Where the records of a domain go. */
struct zone {
	const struct ctl *ctl;
	json_t *rows; /* NULL: they are printed */
	const char *domain;
};

static void put(const struct zone *zone, const char *label, const char *type, const char *data)
{
	const char *quote = strcmp(type, "TXT") == 0 ? "\"" : "";
	char name[PL_DOMAIN_MAX + 32];

	snprintf(name, sizeof(name), "%s.%s.", label, zone->domain);
	if (zone->rows != NULL)
		json_array_append_new(zone->rows, json_pack("{s:s, s:s, s:s}", "name", name, "type",
							    type, "data", data));
	else
		printf("%-40s IN %-5s %s%s%s\n", name, type, quote, data, quote);
}

static void put_server(const struct zone *zone, const char *label, unsigned int priority,
		       unsigned int port, const char *host)
{
	char data[PL_DOMAIN_MAX + 64];

	snprintf(data, sizeof(data), "%u 1 %u %s.", priority, port, host);
	put(zone, label, "SRV", data);
}

/* One for each way to reach a service, the preferred one first. */
static void put_services(const struct zone *zone, const struct pl_mail_settings *settings)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		unsigned int priority = 0;
		int found = 0;

		for (size_t j = 0; j < settings->count; j++) {
			const struct pl_mail_service *service = &settings->services[j];

			if (service->service != services[i].service)
				continue;
			if (service->encryption == services[i].encryption) {
				put_server(zone, services[i].label, priority, service->port,
					   settings->server);
				found = 1;
			}
			priority++;
		}
		if (found == 0 && services[i].refusable)
			put(zone, services[i].label, "SRV", "0 0 0 .");
	}
}

static void put_portal(const struct zone *zone)
{
	static const char *const labels[] = { "autoconfig", "ua-auto-config", "autodiscover" };
	char host[PL_DOMAIN_MAX + 1], data[PL_DOMAIN_MAX + 2];

	pl_policy_portal_host(zone->ctl->policy, host);
	snprintf(data, sizeof(data), "%s.", host);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		put(zone, labels[i], "CNAME", data);
	put_server(zone, "_autodiscover._tcp", 0, 443, host);
}

/* 1 and the record; 0 there is no document; -1. */
static int digest_record(const struct ctl *ctl, const struct pl_mail_settings *settings,
			 char record_r[PL_PACC_RECORD], struct pl_error *err)
{
	char document[PL_PACC_DOCUMENT];
	const size_t len = pl_pacc_document(ctl->policy, settings, document);

	if (len == 0)
		return 0;
	return pl_pacc_record(document, len, record_r, err) < 0 ? -1 : 1;
}

static int nothing_to_tell(const struct ctl *ctl, const char *domain, struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_CONFLICT,
			    "%s: mail programs are told nothing: the domain is not known or not "
			    "active, or every service is off or has no ports in %s",
			    domain, ctl->policy_path);
}

static int put_domain(struct zone *zone, struct pl_error *err)
{
	struct pl_mail_settings settings;
	char record[PL_PACC_RECORD];
	int ret = pl_domain_mail_settings(zone->ctl->work.store, zone->ctl->policy, zone->domain,
					  &settings, err);

	if (ret <= 0)
		return ret < 0 ? -1 : nothing_to_tell(zone->ctl, zone->domain, err);
	put_services(zone, &settings);
	put_portal(zone);
	ret = digest_record(zone->ctl, &settings, record, err);
	if (ret == 1)
		put(zone, "_ua-auto-config", "TXT", record);
	return ret < 0 ? -1 : 0;
}

struct names {
	char (*name)[PL_DOMAIN_MAX + 1];
	size_t count;
	struct pl_error *err; /* of add_known */
	int failed;
};

static int add_name(struct names *names, const char *name, struct pl_error *err)
{
	void *more = realloc(names->name, (names->count + 1) * sizeof(*names->name));

	if (more == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	names->name = more;
	snprintf(names->name[names->count++], sizeof(*names->name), "%s", name);
	return 0;
}

static int add_known(const struct pl_domain *domain, void *context)
{
	struct names *names = context;

	if (domain->known && domain->active)
		names->failed = add_name(names, domain->name, names->err) < 0;
	return names->failed;
}

static int has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->name[i], name) == 0)
			return 1;
	}
	return 0;
}

/* A domain that the policy file makes known, unless the database says that it is not active. */
static int add_section(const struct ctl *ctl, const char *name, struct names *names,
		       struct pl_error *err)
{
	struct pl_domain domain;
	int ret = pl_domain_get(ctl->work.store, name, &domain, err);

	if (ret < 0 || (ret == 1 && !domain.active) || has_name(names, name))
		return ret < 0 ? -1 : 0;
	return add_name(names, name, err);
}

static int find_all(const struct ctl *ctl, struct names *names, struct pl_error *err)
{
	names->err = err;
	if (pl_domain_list(ctl->work.store, add_known, names, err) < 0 || names->failed)
		return -1;
	for (size_t i = 0; i < ctl->policy->domain_count; i++) {
		if (add_section(ctl, ctl->policy->domains[i].name, names, err) < 0)
			return -1;
	}
	return names->count > 0
		       ? 0
		       : pl_error_set(err, PL_ERR_CONFLICT,
				      "no domain is known; name one, or `postlatch domain add` it");
}

/* Those of the arguments, or all that are known and active. */
static int find_names(const struct ctl *ctl, struct names *names, struct pl_error *err)
{
	char name[PL_DOMAIN_MAX + 1];

	for (int i = 0; i < ctl->arg_count; i++) {
		if (pl_domain_parse(ctl->args[i], name, err) < 0)
			return pl_error_prefix(err, "domain \"%.100s\"", ctl->args[i]);
		if (add_name(names, name, err) < 0)
			return -1;
	}
	return ctl->arg_count > 0 ? 0 : find_all(ctl, names, err);
}

static int check_policy(const struct ctl *ctl, struct pl_error *err)
{
	const char *missing = ctl->policy->mail_server[0] == '\0'  ? "mail_server"
			      : ctl->policy->portal_url[0] == '\0' ? "portal_url"
								   : NULL;

	return missing == NULL
		       ? 0
		       : pl_error_set(err, PL_ERR_CONFIG,
				      "%s: %s is not set, so mail programs are told nothing",
				      ctl->policy_path, missing);
}

static int put_all(const struct ctl *ctl, const struct names *names, json_t *rows,
		   struct pl_error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		struct zone zone = { ctl, rows, names->name[i] };

		if (rows == NULL && i > 0)
			puts("");
		if (put_domain(&zone, err) < 0)
			return -1;
	}
	return 0;
}

int cmd_autoconfig_dns(struct ctl *ctl, struct pl_error *err)
{
	struct names names = { .name = NULL };
	json_t *rows = ctl->json ? json_array() : NULL;
	int ret = check_policy(ctl, err);

	if (ret == 0)
		ret = find_names(ctl, &names, err);
	if (ret == 0)
		ret = put_all(ctl, &names, rows, err);
	free(names.name);
	if (ret < 0 || rows == NULL) {
		json_decref(rows);
		return ret < 0 ? -1 : CTL_DONE;
	}
	return ctl_print_json(rows, err);
}

int cmd_autoconfig_digest(struct ctl *ctl, struct pl_error *err)
{
	struct pl_mail_settings settings;
	char name[PL_DOMAIN_MAX + 1], record[PL_PACC_RECORD];
	int ret;

	if (check_policy(ctl, err) < 0)
		return -1;
	if (pl_domain_parse(ctl->args[0], name, err) < 0)
		return pl_error_prefix(err, "domain \"%.100s\"", ctl->args[0]);
	ret = pl_domain_mail_settings(ctl->work.store, ctl->policy, name, &settings, err);
	if (ret == 1)
		ret = digest_record(ctl, &settings, record, err);
	if (ret <= 0)
		return ret < 0 ? -1
			       : pl_error_set(err, PL_ERR_CONFLICT,
					      "%s has no such document, which is about IMAP at "
					      "port "
					      "993, POP3 at 995 and submission at 465, all with "
					      "tls",
					      name);
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s, s:s}", "domain", name, "record", record),
				      err);
	puts(record);
	return CTL_DONE;
}
