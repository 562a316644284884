/* explanation.h - a decision in steps that people can follow: what is known of the name, what each
 * layer says about the settings that matter to it, and the rule that decided.
 *
 * Made from the result of a login (login.h) and nothing else: no I/O, clock or state.
 */
#ifndef POSTLATCH_EXPLANATION_H
#define POSTLATCH_EXPLANATION_H

#include "policy/login/login.h"

enum pl_step_kind {
	PL_STEP_DOMAIN,  /* whether it is known and on */
	PL_STEP_MEMBER,  /* the same of the member */
	PL_STEP_SETTING, /* a layer has the setting; has its source, value and standing */
	PL_STEP_FACTOR,  /* whether a second factor is registered */
	PL_STEP_CHOICE,  /* the member's own choice to leave the second factor out */
	PL_STEP_RULE,    /* the end */
};

/* What becomes of what a layer says. */
enum pl_standing {
	PL_STANDS_HOLDS,
	PL_STANDS_NOT_YET, /* its date is not here */
	PL_STANDS_PASSED,  /* an earlier layer has the say */
};

#define PL_STEP_SENTENCE (PL_VALUE_TEXT + 320)

struct pl_step {
	enum pl_step_kind kind;
	const char *state; /* "known", "on", "off"; "holds"; "registered"; the name of the rule */
	enum pl_setting setting;   /* of PL_STEP_SETTING */
	enum pl_source source;     /* the same */
	enum pl_standing standing; /* the same */
	char value[PL_VALUE_TEXT]; /* the same: as it is written, with its date */
	char sentence[PL_STEP_SENTENCE];
};

/* "domain", "setting". */
const char *pl_step_name(enum pl_step_kind kind);
/* Calls each for every step in order, until it returns non-zero, which is then returned; else 0. */
int pl_explain(const struct pl_login_result *result,
	       int (*each)(const struct pl_step *step, void *context), void *context);
/* The offer that supposes a credential of that name, "account-password", "app-password" or "token".
 * 1, or 0 for another word. */
int pl_offer_by_name(const char *name, enum pl_offer *offer_r);

#endif
