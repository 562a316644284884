/* change.h - one change of an account password: the request, and the operator's command.
 *
 * Runs in a process of its own, which ends with the change.
 */
#ifndef POSTLATCH_PASSWORD_CHANGE_H
#define POSTLATCH_PASSWORD_CHANGE_H

/* The operator's command, as the policy file has it. */
struct change_command {
	const char *command; /* its words are separated by spaces; there is no shell */
	int seconds;         /* that it may take */
	int may_recover;     /* a request may have no old password, as it was forgotten */
};

/* Reads the request of one connection, runs the command, answers, and closes fd. */
void change_serve(int fd, const struct change_command *command);

#endif
