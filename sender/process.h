/* process.h - a process of the sender, which nobody waits for. */
#ifndef POSTLATCH_SENDER_PROCESS_H
#define POSTLATCH_SENDER_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "policy/base/error.h"

#define PROCESS_NOT_STARTED 127 /* as shells say that there is no such command */

struct process {
	const char *name; /* of what runs in it, for people */
	int seconds;      /* it is ended after so many */
	/* Whether it can say that it is of no use to try again: any other exit status than 0 and
	 * EX_TEMPFAIL (sysexits.h) says so. */
	int may_refuse;
	pid_t pid;
	int fd; /* can be read when it has ended, for poll(2) */
	int64_t deadline_ms;
};

/* Begins one of which name, seconds and may_refuse are filled. In it, run(context) is called, and
 * what that returns is its exit status. It has a process group of its own, so that what it starts
 * ends with it, and it ends with the process that has begun it. 0, or -1. */
int process_start(struct process *process, int (*run)(void *context), void *context,
		  struct pl_error *err);
/* 1 when it has ended with status 0; 0 while it runs; -1 when it has ended otherwise, or has not
 * ended in its time, with PL_ERR_DATA when it is of no use to try again. With 1 and -1 it is
 * over. */
int process_result(struct process *process, struct pl_error *err);
/* Ends it, whatever it does. */
void process_kill(struct process *process);

#endif
