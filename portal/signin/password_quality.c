/* password_quality.c - see password_quality.h. */
#include "portal/signin/password_quality.h"

#include <pthread.h>
#include <pwquality.h>
#include <stddef.h>
#include <string.h>

/* cracklib, which looks words up, keeps its state in globals. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static const struct {
	int error;
	const char *code;
	int setting;
} reasons[] = {
#define REASON(error, code, setting) { error, code, setting },
#include "portal/signin/password_reasons.def"
#undef REASON
};

/* 0; -1 for what is no fault of the password. */
static int find_reason(pwquality_settings_t *settings, int error, struct password_reason *reason_r)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error != error)
			continue;
		reason_r->code = reasons[i].code;
		reason_r->number = 0;
		if (reasons[i].setting != 0)
			pwquality_get_int_value(settings, reasons[i].setting, &reason_r->number);
		return 0;
	}
	return -1;
}

static int check(pwquality_settings_t *settings, const char *new, const char *old, const char *user,
		 struct password_reason *reason_r, struct pl_error *err)
{
	char text[PWQ_MAX_ERROR_MESSAGE_LEN];
	void *detail = NULL;
	int result = pwquality_read_config(settings, NULL, &detail);

	if (result == 0 || result == PWQ_ERROR_CFGFILE_OPEN) {
		detail = NULL;
		result = pwquality_check(settings, new, old, user, &detail);
		if (result >= 0)
			return 1;
		/* Without its words cracklib refuses every password. */
		if ((result != PWQ_ERROR_CRACKLIB_CHECK || detail == NULL ||
		     strstr(detail, "loading dictionary") == NULL) &&
		    find_reason(settings, result, reason_r) == 0)
			return 0;
	}
	return pl_error_set(err, PL_ERR_CONFIG, "new passwords cannot be judged: %s",
			    pwquality_strerror(text, sizeof(text), result, detail));
}

int password_quality(const char *new, const char *old, const char *user,
		     struct password_reason *reason_r, struct pl_error *err)
{
	pwquality_settings_t *settings;
	int ret;

	pthread_mutex_lock(&one_at_a_time);
	settings = pwquality_default_settings();
	ret = settings == NULL ? pl_error_set(err, PL_ERR_RETRY, "no memory for libpwquality")
			       : check(settings, new, old, user, reason_r, err);
	if (settings != NULL)
		pwquality_free_settings(settings);
	pthread_mutex_unlock(&one_at_a_time);
	return ret;
}
