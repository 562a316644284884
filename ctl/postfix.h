/* postfix.h - Postfix's configuration, as postconf prints it.
 *
 * Every value is the one that holds: the default where main.cf does not say otherwise.
 * master.cf's entries are found by their service and type, and their options by name,
 * however they are written there.
 */
#ifndef POSTLATCH_POSTFIX_H
#define POSTLATCH_POSTFIX_H

#include <stddef.h>

#define POSTFIX_VALUE_MAX 8192 /* longer values are cut */

struct postfix {
	const char *dir; /* of main.cf and master.cf; NULL: the one that postconf uses */
	char *main_cf, *entries, *options;
};

enum postfix_form {
	POSTFIX_EXPANDED, /* with each $name replaced by its value */
	POSTFIX_RAW,      /* as it is written */
};
/* 0, or -1 when postconf is not installed or fails. */
int postfix_open(struct postfix *postfix, const char *dir, enum postfix_form form);
void postfix_close(struct postfix *postfix);

/* One entry of master.cf. */
struct postfix_service {
	char name[128], type[16], command[64];
	int is_chrooted;
};

/* The entry at this place, the first one for NULL; returns the place behind it, NULL when
 * there is none. */
const char *postfix_service(const struct postfix *postfix, const char *at,
			    struct postfix_service *service_r);
/* 1, or 0 when there is no such entry. */
int postfix_find(const struct postfix *postfix, const char *name, const char *type,
		 struct postfix_service *service_r);

/* A value of main.cf; of "-o name=value" in an entry, 0 when it has none; and what holds for
 * the entry. "" stands for nothing. */
void postfix_value(const struct postfix *postfix, const char *name, char value[POSTFIX_VALUE_MAX]);
int postfix_option(const struct postfix *postfix, const struct postfix_service *service,
		   const char *name, char value[POSTFIX_VALUE_MAX]);
void postfix_effective(const struct postfix *postfix, const struct postfix_service *service,
		       const char *name, char value[POSTFIX_VALUE_MAX]);

/* The lists of restrictions of an smtpd, ended by NULL. */
extern const char *const postfix_restrictions[];
/* Whether the service inherits a list from main.cf that does not let in those of this permit. */
int postfix_inherits(const struct postfix *postfix, const struct postfix_service *service,
		     const char *restrictions, const char *permit);

/* Whether this is an smtpd in which clients may sign in. */
int postfix_has_auth(const struct postfix *postfix, const struct postfix_service *service);

/* The next word of a list at this place, which may be in braces, and the place behind it; NULL
 * when there is none. Commas and blanks separate words. */
const char *postfix_word(const char *at, char *word, size_t size);

#endif
