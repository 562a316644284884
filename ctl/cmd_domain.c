/* cmd_domain.c - postlatch domain ... */
#include <string.h>

#include "ctl/command.h"
#include "policy/admin/domain_job.h"
#include "policy/admin/job_run.h"
#include "policy/base/random.h"

/* args[0] as a folded domain name. */
static int domain_arg(const struct ctl *ctl, char name_r[PL_DOMAIN_MAX + 1], struct pl_error *err)
{
	if (pl_domain_parse(ctl->args[0], name_r, err) < 0)
		return pl_error_prefix(err, "domain \"%.100s\"", ctl->args[0]);
	return 0;
}

static int tell_outsider(const struct pl_domain *domain, void *context)
{
	const struct ctl *ctl = context;

	if (domain->members > 0 && !pl_domain_is_known(domain, ctl->policy))
		printf("%s is not known: its %lld members cannot sign in\n", domain->name,
		       (long long)domain->members);
	return 0;
}

int ctl_tell_outsiders(const struct ctl *ctl, struct pl_error *err)
{
	return pl_unknown_domains_allowed(ctl->policy)
		       ? CTL_DONE
		       : pl_domain_list(ctl->work.store, tell_outsider, (void *)ctl, err);
}

int cmd_domain_add(struct ctl *ctl, struct pl_error *err)
{
	char name[PL_DOMAIN_MAX + 1];
	struct pl_change change;
	int ret;

	if (domain_arg(ctl, name, err) < 0 || ctl_change(ctl, 1, PL_AT_DOMAIN, &change, err) < 0 ||
	    pl_change_check(&change, ctl->policy, name, err) < 0 ||
	    pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	ret = pl_domain_add(&ctl->work, ctl->policy, name, &change);
	if (ctl_finish_write(ctl, ret, err) < 0)
		return -1;
	ctl_note_change(ctl, &change);
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s}", "domain", name), err);
	printf("added %s\n", name);
	return ctl_tell_outsiders(ctl, err);
}

static int print_scope_result(const struct ctl *ctl, const char *name,
			      const struct pl_scope_result *result, const struct pl_job *job,
			      struct pl_error *err)
{
	int dry = ctl->option[CTL_OPTION_DRY_RUN] != NULL;

	if (ctl->json)
		return ctl_print_json(json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:o}", "domain",
						name, "dry_run", dry, "members",
						(json_int_t)result->members, "pinned",
						(json_int_t)result->pinned, "cleared",
						(json_int_t)result->cleared, "affected",
						(json_int_t)result->affected, "job",
						job->id == 0 ? json_null()
							     : json_integer((json_int_t)job->id)),
				      err);
	printf("%s%s: of %lld members %lld pinned, %lld cleared; something else %s for %lld\n",
	       dry ? "would change " : "changed ", name, (long long)result->members,
	       (long long)result->pinned, (long long)result->cleared, dry ? "would hold" : "holds",
	       (long long)result->affected);
	return CTL_DONE;
}

/* Runs a job, in portions between which others write. */
static int run_job(struct ctl *ctl, int64_t id, struct pl_error *err)
{
	struct pl_job_runner runner = { .policy = ctl->policy };
	struct pl_secret name;
	struct pl_job job;
	int ret;

	if (pl_random_base32(16, &name, err) < 0)
		return -1;
	memcpy(runner.name, name.data, name.len);
	pl_secret_wipe(&name);
	ret = pl_job_run(&ctl->work, &runner, id, &job);
	if (ret < 0)
		return -1;
	if (job.state == PL_JOB_DONE)
		return 0;
	return pl_error_set(err, PL_ERR_CONFLICT,
			    "job %lld was %s before its end (%s); the console shows what it has "
			    "changed",
			    (long long)id, job.state == PL_JOB_PAUSED ? "paused" : "stopped",
			    job.reason[0] != '\0' ? job.reason : "by an administrator");
}

/* What a command that was interrupted has left. */
static int run_left(struct ctl *ctl, struct pl_error *err)
{
	int64_t id;
	int ret;

	while ((ret = pl_job_left(&ctl->work, &id)) == 1) {
		fprintf(stderr, "postlatch: finishing job %lld, which was interrupted\n",
			(long long)id);
		if (run_job(ctl, id, err) < 0)
			return -1;
	}
	return ret;
}

/* Members are counted before others have to wait. */
static int set_domain(struct ctl *ctl, const char *name, const struct pl_change *change,
		      enum pl_scope scope, struct pl_scope_result *result_r, struct pl_job *job_r,
		      struct pl_error *err)
{
	const struct pl_administrator all = { .id = PL_JOB_OF_COMMAND, .role = PL_ADMIN_SERVER };
	const int is_dry = ctl->option[CTL_OPTION_DRY_RUN] != NULL;
	int ret;

	if ((!is_dry && run_left(ctl, err) < 0) ||
	    pl_scope_count(&ctl->work, ctl->policy, name, change, scope, result_r) < 0 ||
	    pl_store_begin_write(ctl->work.store, err) < 0)
		return -1;
	ret = pl_domain_change(&ctl->work, ctl->policy, &all, name, change, scope, result_r, job_r);
	if (is_dry)
		job_r->id = 0;
	ret = ctl_finish_write(ctl, ret, err);
	return ret == 0 && job_r->id != 0 ? run_job(ctl, job_r->id, err) : ret;
}

int cmd_domain_set(struct ctl *ctl, struct pl_error *err)
{
	const char *word = ctl->option[CTL_OPTION_SCOPE];
	enum pl_scope scope = PL_SCOPE_INHERITING;
	struct pl_scope_result result;
	char name[PL_DOMAIN_MAX + 1];
	struct pl_change change;
	struct pl_job job;

	if (word != NULL && !pl_scope_by_name(word, &scope))
		return pl_error_set(err, PL_ERR_INVALID,
				    "--scope %.32s: it must be inheriting, new or all", word);
	if (domain_arg(ctl, name, err) < 0 || ctl_change(ctl, 1, PL_AT_DOMAIN, &change, err) < 0 ||
	    set_domain(ctl, name, &change, scope, &result, &job, err) < 0)
		return -1;
	ctl_note_change(ctl, &change);
	return print_scope_result(ctl, name, &result, &job, err);
}

static const char *known_by(const struct ctl *ctl, const struct pl_domain *domain)
{
	if (domain->known)
		return "yes";
	return pl_domain_is_known(domain, ctl->policy) ? "yes, by its section in the policy file"
						       : "no";
}

static json_t *domain_json(const struct ctl *ctl, const struct pl_domain *domain)
{
	char grace[PL_GRACE_TEXT];

	return json_pack("{s:s, s:b, s:b, s:s?, s:I, s:s, s:o}", "domain", domain->name, "known",
			 pl_domain_is_known(domain, ctl->policy), "active", domain->active,
			 "alias_of", domain->alias_id != 0 ? domain->alias_of : NULL, "members",
			 (json_int_t)domain->members, PL_GRACE_NAME,
			 pl_grace_format(&domain->grace, grace), "own",
			 ctl_settings_json(&domain->settings));
}

static void show_text(const struct ctl *ctl, const struct pl_domain *domain,
		      const struct pl_layers *layers)
{
	char shown[PL_DOMAIN_DISPLAY_MAX + 1], own[512], members[32], grace[48];

	ctl_line("domain", pl_domain_display(domain->name, shown));
	if (strcmp(shown, domain->name) != 0)
		ctl_line("A-labels", domain->name);
	ctl_line("known", known_by(ctl, domain));
	ctl_line("active", domain->active ? "on" : "off");
	if (domain->alias_id != 0) {
		ctl_line("alias of", pl_domain_display(domain->alias_of, shown));
		return;
	}
	snprintf(members, sizeof(members), "%lld", (long long)domain->members);
	ctl_line("members", members);
	snprintf(grace, sizeof(grace), "%d (%s)", pl_grace_days(&domain->grace, ctl->policy),
		 domain->grace.is_own ? "its own" : "of the policy file");
	ctl_line("days of grace", grace);
	ctl_line("own settings", ctl_own_settings(&domain->settings, own, sizeof(own)));
	puts("effective settings of members without settings of their own:");
	ctl_print_layers(layers);
}

int cmd_domain_show(struct ctl *ctl, struct pl_error *err)
{
	struct pl_account account = { .domain = { .active = 1 } };
	struct pl_layers layers;
	char name[PL_DOMAIN_MAX + 1];
	json_t *json;

	if (domain_arg(ctl, name, err) < 0)
		return -1;
	memcpy(account.domain.name, name, sizeof(name)); /* stays for a domain that is not known */
	if (pl_domain_get(ctl->work.store, name, &account.domain, err) < 0 ||
	    pl_domain_count(ctl->work.store, &account.domain, err) < 0)
		return -1;
	pl_account_layers(&account, ctl->policy, ctl->work.now, &layers);
	if (!ctl->json) {
		show_text(ctl, &account.domain, &layers);
		return CTL_DONE;
	}
	json = domain_json(ctl, &account.domain);
	if (account.domain.alias_id == 0)
		json_object_set_new(json, "settings", ctl_layers_json(&layers));
	return ctl_print_json(json, err);
}

struct listing {
	const struct ctl *ctl;
	json_t *rows; /* NULL: they are printed */
};

static int list_row(const struct pl_domain *domain, void *context)
{
	const struct listing *listing = context;
	char own[512], shown[PL_DOMAIN_DISPLAY_MAX + 1];

	if (!domain->known)
		return 0;
	if (listing->rows != NULL)
		json_array_append_new(listing->rows, domain_json(listing->ctl, domain));
	else
		printf("%-32s %-4s %8lld  %s%s\n", pl_domain_display(domain->name, shown),
		       domain->active ? "on" : "off", (long long)domain->members,
		       domain->alias_id != 0 ? "alias of " : "",
		       domain->alias_id != 0
			       ? domain->alias_of
			       : ctl_own_settings(&domain->settings, own, sizeof(own)));
	return 0;
}

int cmd_domain_list(struct ctl *ctl, struct pl_error *err)
{
	struct listing listing = { ctl, ctl->json ? json_array() : NULL };

	if (pl_domain_list(ctl->work.store, list_row, &listing, err) < 0) {
		json_decref(listing.rows);
		return -1;
	}
	return ctl->json ? ctl_print_json(listing.rows, err) : CTL_DONE;
}

static int remove_domain(struct ctl *ctl, const char *name, int64_t *members_r,
			 struct pl_error *err)
{
	struct pl_domain domain;
	int ret = pl_domain_get(ctl->work.store, name, &domain, err);

	if (ret == 1 && pl_domain_count(ctl->work.store, &domain, err) < 0)
		ret = -1;
	if (ret == 1 && domain.members + domain.aliases > 0 && ctl->option[CTL_OPTION_YES] == NULL)
		return pl_error_set(err, PL_ERR_CONFLICT,
				    "%s has %lld members and %lld aliases, which would go with it; "
				    "add --yes if that is meant",
				    name, (long long)domain.members, (long long)domain.aliases);
	return ret < 0 ? -1 : pl_domain_remove(&ctl->work, name, members_r);
}

int cmd_domain_remove(struct ctl *ctl, struct pl_error *err)
{
	char name[PL_DOMAIN_MAX + 1];
	int64_t members = 0;

	if (domain_arg(ctl, name, err) < 0 || pl_store_begin_write(ctl->work.store, err) < 0 ||
	    ctl_finish_write(ctl, remove_domain(ctl, name, &members, err), err) < 0)
		return -1;
	if (ctl->json)
		return ctl_print_json(json_pack("{s:s, s:I}", "domain", name, "members",
						(json_int_t)members),
				      err);
	printf("removed %s with %lld members\n", name, (long long)members);
	return CTL_DONE;
}
