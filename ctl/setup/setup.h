/* setup.h - `postlatch setup`: the changes that Postlatch needs in Postfix and Dovecot.
 *
 * This room makes the changes on copies of main.cf and master.cf, with postconf, and compares
 * the copies with the originals: what it prints is what it would write. cmd_setup.c has the
 * steps. The command's table in ctl/ calls it, and nobody else includes this header.
 *
 * It begins with the files as they would be without Postlatch (reverse.c), so that it can be
 * run any number of times, also after it was killed. In the folder "setup" beside the policy
 * file it keeps main.cf and master.cf from before and after its changes, and the links that it
 * has made. It restarts no program.
 */
#ifndef POSTLATCH_SETUP_H
#define POSTLATCH_SETUP_H

#include <limits.h>

#include "ctl/command.h"
#include "ctl/postfix.h"

#define SETUP_PATH (PATH_MAX / 2) /* of a folder, below which there are files */

struct setup {
	const struct ctl *ctl;
	char postfix[SETUP_PATH];   /* the folder of main.cf and master.cf */
	char dovecot[SETUP_PATH];   /* Dovecot's conf.d */
	char fragments[SETUP_PATH]; /* Postlatch's conf.d */
	char record[SETUP_PATH];
	char work[SETUP_PATH]; /* a folder of this run alone */
	json_t *notes;         /* array of sentences, for what is left to the operator */
	struct pl_error *err;
};

/* Adds a sentence to notes. */
void setup_note(struct setup *setup, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Folders with a main.cf and a master.cf. (staging.c) Those that return an int: 0, or -1 and
 * the error. */
extern const char *const setup_files[2];
int staging_copy(const char *from, const char *to, struct pl_error *err);
int staging_copy_file(const char *from, const char *to, struct pl_error *err);
/* Runs postconf there: flag and argument are its own. */
int staging_edit(const char *dir, const char *flag, const char *argument, struct pl_error *err);
/* Whether both are there and have the same content. */
int staging_same(const char *dir, const char *other, const char *file);
/* The difference between the file in two folders, "" for none, as diff(1) prints it under the
 * name of the first; NULL and the error. The caller frees it. */
char *staging_difference(const char *dir, const char *other, const char *file,
			 struct pl_error *err);
/* Replaces the file in a folder by that of another one, keeping its owner and mode. */
int staging_install(const char *from, const char *to, const char *file, struct pl_error *err);
/* Removes a folder and the files in it, and folders in it; what is not there is no error. */
void staging_remove(const char *dir);

/* Makes a folder with the files as they would be without Postlatch. (reverse.c) */
int setup_reverse(struct setup *setup, const char *base);
/* Changes the files in a folder. Refuses, with PL_ERR_CONFLICT, what it cannot merge. (plan.c) */
int setup_plan(struct setup *setup, const char *dir);

/* Makes Postfix ask for forwards, if --forwards is given or it does so already. raw: the files in
 * the folder as they were before. (forwards.c) */
int setup_forwards(struct setup *setup, const char *dir, const struct postfix *raw);

/* Dovecot's links to fragments. (links.c) Those to be made, or to be taken away, are put into
 * an array of {path, target}. */
json_t *links_missing(struct setup *setup);
/* Whether the fragment of the SASL relay is installed. */
int links_has_relay(struct setup *setup);
json_t *links_made(const struct setup *setup);
int links_record(const char *dir, const json_t *made, const json_t *more, struct pl_error *err);
int links_make(const json_t *links, struct pl_error *err);
int links_remove(const json_t *links, struct pl_error *err);

#endif
