/* judge.c - see judge.h. */
#include "milter/judge.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "daemon/log.h"
#include "policy/store/store_pool.h"
#include "policy/base/watch.h"

#define WATCHES_MAX 65

struct judge {
	char *path;
	struct pl_store_pool *pool;
	pthread_mutex_t lock; /* for what follows */
	struct pl_policy *policy;
	struct pl_watch watches[WATCHES_MAX];
	size_t watch_count;
	time_t looked_at;
};

static void watch_files(struct judge *judge)
{
	judge->watch_count = 0;
	for (size_t i = 0; i < judge->policy->file_count && i < WATCHES_MAX; i++)
		pl_watch_set(&judge->watches[judge->watch_count++], judge->policy->files[i]);
}

int judge_new(const char *policy_path, struct judge **judge_r, struct pl_error *err)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	*judge_r = NULL;
	if (judge == NULL || (judge->path = strdup(policy_path)) == NULL ||
	    (judge->pool = pl_store_pool_new(PL_ROLE_MILTER)) == NULL) {
		judge_free(&judge);
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	}
	pthread_mutex_init(&judge->lock, NULL);
	if (pl_policy_load(policy_path, &judge->policy, err) < 0) {
		judge_free(&judge);
		return -1;
	}
	watch_files(judge);
	*judge_r = judge;
	return 0;
}

void judge_free(struct judge **judge_p)
{
	struct judge *judge = *judge_p;

	*judge_p = NULL;
	if (judge == NULL)
		return;
	pl_store_pool_free(&judge->pool);
	pl_policy_unref(&judge->policy);
	free(judge->path);
	free(judge);
}

/* With the lock held: libconfuse does not read two files at once either. */
static int reload(struct judge *judge, struct pl_error *err)
{
	struct pl_policy *policy;

	if (pl_policy_load(judge->path, &policy, err) < 0)
		return pl_error_prefix(err, "keeping the last good policy");
	if (strcmp(policy->database, judge->policy->database) != 0)
		pl_store_pool_drain(judge->pool);
	pl_policy_unref(&judge->policy);
	judge->policy = policy;
	watch_files(judge);
	return 0;
}

int judge_reload(struct judge *judge, struct pl_error *err)
{
	int ret;

	pthread_mutex_lock(&judge->lock);
	ret = reload(judge, err);
	pthread_mutex_unlock(&judge->lock);
	return ret;
}

void judge_reload_if_changed(struct judge *judge)
{
	struct pl_error err = { 0 };
	int changed = 0, ret = 0;

	pthread_mutex_lock(&judge->lock);
	if (judge->looked_at != time(NULL)) {
		judge->looked_at = time(NULL);
		for (size_t i = 0; i < judge->watch_count; i++)
			changed |= pl_watch_changed(&judge->watches[i]);
		if (changed)
			ret = reload(judge, &err);
	}
	pthread_mutex_unlock(&judge->lock);
	if (changed)
		daemon_log(ret < 0 ? LOG_ERR : LOG_INFO, "%s",
			   ret < 0 ? err.msg : "policy file: read again");
}

static struct pl_policy *hold_policy(struct judge *judge)
{
	struct pl_policy *policy;

	pthread_mutex_lock(&judge->lock);
	policy = pl_policy_ref(judge->policy);
	pthread_mutex_unlock(&judge->lock);
	return policy;
}

int judge_is_resent_network(struct judge *judge, const struct pl_ip *ip)
{
	struct pl_policy *policy = hold_policy(judge);
	int is = pl_network_list_has(&policy->resent_networks, ip);

	pl_policy_unref(&policy);
	return is;
}

/* One judgement's hold on policy and store. */
struct session {
	struct judge *judge;
	struct pl_policy *policy;
	struct pl_store *store;
};

static int begin(struct judge *judge, struct session *session, struct pl_error *err)
{
	session->judge = judge;
	session->policy = hold_policy(judge);
	if (pl_store_pool_take(judge->pool, session->policy->database, &session->store, err) == 0)
		return 0;
	pl_policy_unref(&session->policy);
	return -1;
}

static void end(struct session *session, int failed)
{
	pl_store_pool_give(session->judge->pool, &session->store, failed);
	pl_policy_unref(&session->policy);
}

int judge_submission(struct judge *judge, const char *login_name, const char *mechanism,
		     const struct pl_ip *ip, struct judgement *judgement_r, struct pl_error *err)
{
	const struct pl_login login = {
		.user = login_name,
		.user_len = strlen(login_name),
		.service = PL_SETTING_SMTP,
		.offer = PL_OFFER_EARLIER,
		.mechanism = mechanism,
		.ip = *ip,
		.now = time(NULL),
	};
	struct pl_login_result result;
	struct session session;
	int ret;

	memset(judgement_r, 0, sizeof(*judgement_r));
	if (begin(judge, &session, err) < 0)
		return -1;
	ret = pl_login_evaluate(session.store, session.policy, NULL, &login, &result, err);
	if (ret == 0) {
		judgement_r->member = result.address;
		judgement_r->verdict = result.verdict;
	}
	end(&session, ret < 0);
	return ret;
}

/* Reads the account of a sign. 1 a member to be judged, 0 not, -1. */
static int sign_account(const struct session *session, const struct sign *sign,
			struct pl_account *account_r, struct pl_error *err)
{
	struct pl_address base = sign->address;

	if (pl_account_get(session->store, &sign->address, account_r, err) < 0)
		return -1;
	if (account_r->member.id == 0 &&
	    pl_address_strip_extension(&base, session->policy->recipient_delimiter) &&
	    pl_account_get(session->store, &base, account_r, err) < 0)
		return -1;
	/* Pigeonhole names the owner of a script, known to us or not. Lists and
	 * aliases leave a Delivered-To too, and are no members. */
	return sign->kind == SIGN_SIEVE || account_r->member.id != 0;
}

static int judge_sign(const struct session *session, const struct sign *sign,
		      struct judgement *judgement_r, struct pl_error *err)
{
	struct pl_facts facts = { .service = PL_SETTING_FORWARDING,
				  .credential = PL_CREDENTIAL_EARLIER };
	struct pl_account account;
	int ret = sign_account(session, sign, &account, err);

	if (ret <= 0)
		return ret;
	pl_account_layers(&account, session->policy, &facts.layers);
	judgement_r->member = sign->address;
	judgement_r->verdict = pl_decide(&facts);
	judgement_r->sign = sign;
	return 1;
}

int judge_resent(struct judge *judge, const struct message *message, struct judgement *judgement_r,
		 struct pl_error *err)
{
	struct session session;
	int ret = 0;

	memset(judgement_r, 0, sizeof(*judgement_r));
	if (begin(judge, &session, err) < 0)
		return -1;
	/* Fields nearer the top were put there later: the first that names a member
	 * is of the one who sends it again now. What others did before is done. */
	for (size_t i = 0; i < message->sign_count && ret == 0; i++)
		ret = judge_sign(&session, &message->signs[i], judgement_r, err);
	end(&session, ret < 0);
	return ret < 0 ? -1 : 0;
}
