/* command.h - runs the operator's command once.
 *
 * Its arguments are the words of the policy file and then the member. It reads the old and the new
 * password from its standard input, a line each (the old one is empty where it was forgotten), and
 * says by its exit status what has become of the change; a refusal has its reason on standard
 * output, a line for the member. What it writes to standard error is for the log.
 */
#ifndef POSTLATCH_PASSWORD_COMMAND_H
#define POSTLATCH_PASSWORD_COMMAND_H

#include <stddef.h>

#include "policy/base/error.h"

#define COMMAND_WORDS 32
#define COMMAND_TEXT 512

enum command_result {
	COMMAND_CHANGED, /* status 0 */
	COMMAND_WRONG,   /* 77 (EX_NOPERM): the old password is wrong */
	COMMAND_REFUSED, /* 65 (EX_DATAERR): the new one is refused */
	COMMAND_LATER,   /* 75 (EX_TEMPFAIL), or it could not be started: nothing has changed */
	COMMAND_UNKNOWN, /* it took too long, or ended in another way: nobody knows */
};

struct command_input {
	const char *member, *old, *new;
};

struct command_output {
	char reason[COMMAND_TEXT];    /* the first line of standard output; "": none */
	char complaint[COMMAND_TEXT]; /* the first line of standard error; "": none */
};

/* Waits for the command's end, at most seconds. With COMMAND_LATER and COMMAND_UNKNOWN the error
 * says why. */
enum command_result command_run(const char *command, const struct command_input *input, int seconds,
				struct command_output *output_r, struct pl_error *err);

#endif
