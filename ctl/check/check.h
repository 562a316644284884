/* check.h - `postlatch check`: what is wrong with this server, and how it is fixed.
 *
 * This room owns the checks of policy file, keys, database, Dovecot, Postfix and the
 * portal. cmd_check.c calls them in the order of its table and prints their findings;
 * the command's table in ctl/ calls cmd_check.c, and nobody else includes this header.
 *
 * A check adds findings by check_find() and never fails: what it cannot find out is a
 * finding too. It reads files and what doveconf and postconf print, and connects to what
 * they name: it tries a wrong password wherever members sign in, asks milters and the SASL relay,
 * and fetches documents of the portal and of doveadm. Every connection has a deadline. It
 * never changes a file, the database or a service, and its findings never show a key, a
 * password or a token. In the store of attachments it writes an object of its own, and
 * removes it.
 */
#ifndef POSTLATCH_CHECK_H
#define POSTLATCH_CHECK_H

#include <sys/stat.h>

#include "ctl/command.h"
#include "ctl/postfix.h"

enum check_level { CHECK_OK, CHECK_WARNING, CHECK_FAULT };

struct check {
	const struct ctl *ctl;
	struct pl_policy *policy; /* NULL: it could not be read */
	struct pl_store *store;   /* NULL: it could not be opened */
	char *doveconf;           /* what `doveconf -n` printed; NULL: it could not be run */
	struct postfix *postfix;  /* NULL: it could not be read */
	struct postfix postfix_conf;
	const char *topic;
	json_t *findings; /* array of {topic, level, text} */
	enum check_level worst;
};

/* Adds one finding; a fault or warning says how to fix it. */
void check_find(struct check *check, enum check_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The checks, in the order of the table in cmd_check.c; later ones use what earlier ones have
 * opened, and are called only when that is there which their row needs. They return 0 when there
 * was nothing to look at, because it is not used here; otherwise 1. */
int check_policy(struct check *check);
int check_keys(struct check *check);
int check_database(struct check *check);
int check_key_rows(struct check *check);
int check_domains(struct check *check);
int check_requirement(struct check *check);
int check_denials(struct check *check);
int check_dovecot(struct check *check);
int check_dovecot_signin(struct check *check);
int check_postfix(struct check *check);
int check_milters(struct check *check);
int check_delivery(struct check *check);
int check_relay(struct check *check);
int check_forwards(struct check *check);
int check_postfix_signin(struct check *check);
int check_portal(struct check *check);
int check_portal_address(struct check *check);
int check_portal_signin(struct check *check);
int check_doveadm_address(struct check *check);
int check_profiles(struct check *check);
int check_console(struct check *check);
int check_outbox(struct check *check);
int check_sendmail(struct check *check);
int check_attachments(struct check *check);
int check_password_service(struct check *check);
int check_recovery_contacts(struct check *check);

/* A part of check_attachments(). */
void check_attachment_store(struct check *check);
/* Parts of check_dovecot(), check_portal() and check_postfix(). */
void check_brand(struct check *check);
void check_second_factors(struct check *check);
void check_doveadm(struct check *check);
void check_introspection(struct check *check);
void check_userdbs(struct check *check);
void check_passdbs(struct check *check);
void check_names(struct check *check);
void check_local_delivery(struct check *check);
/* Whether a passdb keeps members out, and whether each of the first so many does. */
struct doveconf_database;
int check_denies(const struct doveconf_database *passdb);
/* Whether a passdb of this driver cannot be asked without a password. */
int check_is_mute(const char *driver);
int check_denies_only(const char *doveconf, int count);

/* Where Dovecot sends the mail of members whose forwarding is off: 1, or 0 when nowhere. */
int check_redirect_host(const char *doveconf, char *host, size_t size);

/* The program that uses a socket of Dovecot's auth process; how bad it is if the socket is
 * missing, and how to fix it. */
struct check_socket_user {
	const char *user, *who;
	enum check_level missing;
	const char *fix;
};
/* A socket by its path, or its name in base_dir; needs check->doveconf. */
void check_auth_socket(struct check *check, const char *path, const struct check_socket_user *user);

/* The group of the portal alone, -1 when there is none; whether the portal may read a file. */
gid_t check_portal_group(void);
int check_portal_reads(const struct stat *st);

#endif
