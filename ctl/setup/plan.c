/* plan.c - what Postlatch needs in main.cf and master.cf; see setup.h.
 *
 * The fragments conf.d/postfix/main.cf.postlatch and master.cf.postlatch say it. Postfix reads
 * them here as a configuration of their own.
 */
#include <string.h>
#include <stdlib.h>

#include "ctl/setup/setup.h"

#define MILTER "$postlatch_milter"
#define SUBMISSION "submission"

struct plan {
	struct setup *setup;
	const char *dir;                /* where the changes are made */
	char fragment[SETUP_PATH + 16]; /* a folder with the fragments */
	struct postfix wanted;          /* the fragments */
	int has_relay;                  /* the SASL relay is installed */
	struct postfix site, raw; /* what was there, with each $name replaced, and as written */
};

static int set_option(struct plan *plan, const struct postfix_service *service, const char *name,
		      const char *value)
{
	char argument[POSTFIX_VALUE_MAX + 512];

	snprintf(argument, sizeof(argument), "%s/%s/%s=%s", service->name, service->type, name,
		 value);
	return staging_edit(plan->dir, "-P", argument, plan->setup->err);
}

/* Commas instead of blanks, which an option of master.cf cannot have; there are none at
 * braces and around "=". */
static void without_blanks(const char *list, char *result, size_t size)
{
	size_t len = 0;

	for (; *list != '\0' && len + 2 < size; list++) {
		if (strchr(" \t,", *list) != NULL)
			continue;
		if (len > 0 && strchr(" \t,", list[-1]) != NULL &&
		    strchr("={", result[len - 1]) == NULL && *list != '=' && *list != '}')
			result[len++] = ',';
		result[len++] = *list;
	}
	result[len] = '\0';
}

/* Ours is the first; those that are there stay. */
static int merge_milters(struct plan *plan, const struct postfix_service *service)
{
	char list[POSTFIX_VALUE_MAX], rest[POSTFIX_VALUE_MAX];
	char merged[POSTFIX_VALUE_MAX + sizeof(MILTER)];

	postfix_effective(&plan->raw, service, "smtpd_milters", list);
	if (strstr(list, MILTER) != NULL)
		return 0;
	without_blanks(list, rest, sizeof(rest));
	snprintf(merged, sizeof(merged), "%s%s%s", MILTER, rest[0] != '\0' ? "," : "", rest);
	return set_option(plan, service, "smtpd_milters", merged);
}

static int refuse(struct plan *plan, const struct postfix_service *service, const char *name,
		  const char *value, const char *reason)
{
	return pl_error_set(plan->setup->err, PL_ERR_CONFLICT,
			    "the service %s has %s = %.100s: %s; change it, or set "
			    "smtpd_sasl_auth_enable = no for it, and run `postlatch setup` again",
			    service->name, name, value, reason);
}

/* The relay is asked, as main.cf says. */
static int replace_sasl(struct plan *plan, const struct postfix_service *service)
{
	char value[POSTFIX_VALUE_MAX], argument[512];

	postfix_effective(&plan->site, service, "smtpd_sasl_type", value);
	if (strcmp(value, "dovecot") != 0)
		return refuse(plan, service, "smtpd_sasl_type", value,
			      "Postlatch decides about logins at Dovecot only");
	postfix_effective(&plan->site, service, "smtpd_sasl_path", value);
	if (strncmp(value, "inet:", 5) == 0)
		return refuse(plan, service, "smtpd_sasl_path", value,
			      "the SASL relay asks the Dovecot of this machine only");
	if (!plan->has_relay || !postfix_option(&plan->raw, service, "smtpd_sasl_path", value) ||
	    strncmp(value, "postlatch", 9) == 0)
		return 0;
	snprintf(argument, sizeof(argument), "%s/%s/smtpd_sasl_path", service->name, service->type);
	return staging_edit(plan->dir, "-PX", argument, plan->setup->err);
}

/* Whether only those who have signed in may send mail there. */
static int is_for_members(struct plan *plan, const struct postfix_service *service)
{
	char value[POSTFIX_VALUE_MAX];

	for (const char *const *name = postfix_restrictions; *name != NULL; name++) {
		if (postfix_option(&plan->site, service, *name, value) &&
		    strstr(value, "permit_sasl_authenticated") != NULL &&
		    strstr(value, "reject") != NULL)
			return 1;
	}
	return 0;
}

/* Restrictions in main.cf are for mail from other servers. */
static int reset_restrictions(struct plan *plan, const struct postfix_service *service)
{
	const struct postfix_service submission = { .name = SUBMISSION, .type = "inet" };
	char value[POSTFIX_VALUE_MAX];
	int ret = 0;

	for (const char *const *name = postfix_restrictions; ret == 0 && *name != NULL; name++) {
		if (postfix_inherits(&plan->site, service, *name, "permit_sasl_authenticated") &&
		    postfix_option(&plan->wanted, &submission, *name, value))
			ret = set_option(plan, service, *name, value);
	}
	return ret;
}

/* Port 25, and what postscreen hands over. */
static int is_for_servers(const struct postfix_service *service)
{
	const char *port = strrchr(service->name, ':');

	port = port == NULL ? service->name : port + 1;
	return strcmp(service->type, "inet") != 0 || strcmp(port, "smtp") == 0 ||
	       strcmp(port, "25") == 0;
}

static int change_service(struct plan *plan, const struct postfix_service *service)
{
	if (replace_sasl(plan, service) < 0 || merge_milters(plan, service) < 0)
		return -1;
	if (is_for_servers(service))
		setup_note(plan->setup,
			   "the service %s, for mail from other servers, accepts AUTH, and has the "
			   "milter because of that; unless members need it, set "
			   "smtpd_sasl_auth_enable = no in main.cf, and run `postlatch setup` "
			   "again",
			   service->name);
	return is_for_members(plan, service) ? reset_restrictions(plan, service) : 0;
}

/* An entry of the fragment replaces one of that name. */
static int put_entry(struct plan *plan, const char *line, const struct postfix_service *service)
{
	char argument[POSTFIX_VALUE_MAX + 512];

	snprintf(argument, sizeof(argument), "%s/%s=%.*s", service->name, service->type,
		 (int)strcspn(line, "\n"), line);
	return strstr(plan->raw.entries, line) != NULL
		       ? 0
		       : staging_edit(plan->dir, "-M", argument, plan->setup->err);
}

/* Mail from the listener passes the milters of mail from the sendmail command. Where these are
 * said to be $smtpd_milters, Postfix would not find an end: then they are named. */
static int name_milters(struct plan *plan, const struct postfix_service *service)
{
	char wanted[POSTFIX_VALUE_MAX], list[POSTFIX_VALUE_MAX], plain[POSTFIX_VALUE_MAX];

	postfix_value(&plan->raw, "non_smtpd_milters", list);
	if (!postfix_option(&plan->wanted, service, "smtpd_milters", wanted) ||
	    strcmp(wanted, "$non_smtpd_milters") != 0 || strstr(list, "smtpd_milters") == NULL)
		return 0;
	postfix_value(&plan->site, "non_smtpd_milters", list);
	without_blanks(list, plain, sizeof(plain));
	return set_option(plan, service, "smtpd_milters", plain);
}

static int put_entries(struct plan *plan, int needs_submission)
{
	struct postfix_service service, there;
	const char *at = plan->wanted.entries, *next;
	char line[POSTFIX_VALUE_MAX];

	for (; (next = postfix_service(&plan->wanted, at, &service)) != NULL; at = next) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (strcmp(service.name, SUBMISSION) == 0 &&
		    (!needs_submission ||
		     postfix_find(&plan->raw, service.name, service.type, &there)))
			continue;
		if (put_entry(plan, line, &service) < 0 || name_milters(plan, &service) < 0)
			return -1;
	}
	return 0;
}

static int change_services(struct plan *plan)
{
	struct postfix_service service;
	const char *at = NULL;
	char value[POSTFIX_VALUE_MAX], name[160];
	int needs_submission = 1;

	while ((at = postfix_service(&plan->raw, at, &service)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", service.name, service.type);
		/* The listener of the version before. */
		if (postfix_option(&plan->raw, &service, "milter_macro_daemon_name", value) &&
		    strcmp(value, "postlatch-redirect") == 0 &&
		    staging_edit(plan->dir, "-MX", name, plan->setup->err) < 0)
			return -1;
		if (!postfix_has_auth(&plan->site, &service))
			continue;
		if (change_service(plan, &service) < 0)
			return -1;
		needs_submission &= is_for_servers(&service);
	}
	if (needs_submission && postfix_find(&plan->raw, SUBMISSION, "inet", &service))
		setup_note(plan->setup, "the service submission does not accept AUTH, and stays as "
					"it is: members cannot send mail with mail clients");
	return put_entries(plan, needs_submission);
}

/* Each line of the fragment. */
static int change_main(struct plan *plan)
{
	const char *const argv[] = { "postconf", "-n", "-c", plan->fragment, NULL };
	char *lines = ctl_run(argv), *rest = lines, *line;
	char argument[POSTFIX_VALUE_MAX + 512];
	char there[POSTFIX_VALUE_MAX];
	int ret = lines == NULL ? pl_error_set(plan->setup->err, PL_ERR_CONFLICT,
					       "`postconf -n` fails; run it yourself to see "
					       "the reason")
				: 0;

	while (ret == 0 && (line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		char *value = strchr(line, '=') + 1;

		value += *value == ' ';
		line[strcspn(line, " =")] = '\0';
		postfix_value(&plan->raw, line, there);
		/* postconf itself adds the folder that it was given. */
		if (strcmp(there, value) == 0 || strcmp(line, "config_directory") == 0 ||
		    (!plan->has_relay && strncmp(line, "smtpd_sasl_", 11) == 0))
			continue;
		if (strcmp(line, "forward_path") == 0)
			setup_note(plan->setup, "Postfix's local(8) does not read .forward files "
						"any more, about which Postlatch cannot decide");
		snprintf(argument, sizeof(argument), "%.255s=%.8191s", line, value);
		ret = staging_edit(plan->dir, "-e", argument, plan->setup->err);
	}
	free(lines);
	return ret;
}

/* The fragments, under the names that postconf looks for. */
static int stage_fragments(struct plan *plan)
{
	char from[2][PATH_MAX], to[2][PATH_MAX];
	struct setup *setup = plan->setup;

	snprintf(plan->fragment, sizeof(plan->fragment), "%s/fragment", setup->work);
	if (staging_copy(setup->postfix, plan->fragment, setup->err) < 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		snprintf(from[i], sizeof(from[i]), "%s/postfix/%s.postlatch", setup->fragments,
			 setup_files[i]);
		snprintf(to[i], sizeof(to[i]), "%s/%s", plan->fragment, setup_files[i]);
		if (staging_copy_file(from[i], to[i], setup->err) < 0)
			return -1;
	}
	return 0;
}

int setup_plan(struct setup *setup, const char *dir)
{
	struct plan plan = { .setup = setup, .dir = dir, .has_relay = links_has_relay(setup) };
	int ret = stage_fragments(&plan);

	if (ret == 0 && (postfix_open(&plan.wanted, plan.fragment, POSTFIX_RAW) < 0 ||
			 postfix_open(&plan.site, dir, POSTFIX_EXPANDED) < 0 ||
			 postfix_open(&plan.raw, dir, POSTFIX_RAW) < 0))
		ret = pl_error_set(setup->err, PL_ERR_CONFLICT,
				   "`postconf` cannot be run or fails; run it yourself to see the "
				   "reason");
	if (ret == 0 && (change_main(&plan) < 0 || change_services(&plan) < 0 ||
			 setup_forwards(setup, dir, &plan.raw) < 0))
		ret = -1;
	postfix_close(&plan.wanted);
	postfix_close(&plan.site);
	postfix_close(&plan.raw);
	return ret;
}
