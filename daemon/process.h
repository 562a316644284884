/* process.h - signals, open files, privileges and readiness of a daemon's process.
 *
 * Owns the pipe that signals are written to. daemon.c calls most of it; a daemon that waits
 * with poll(2), or ends by itself, calls daemon_signal_fd or daemon_signal. Functions that
 * fail have logged why.
 */
#ifndef POSTLATCH_DAEMON_PROCESS_H
#define POSTLATCH_DAEMON_PROCESS_H

#include <stddef.h>

/* From now on SIGHUP, SIGTERM and SIGINT wait to be asked for. 0, or -1. */
int daemon_catch_signals(void);
/* The next of them; 0 when none came within timeout_ms (-1: waits for ever). */
int daemon_next_signal(int timeout_ms);
/* Can be read when there is one; for poll(2) beside others. */
int daemon_signal_fd(void);
/* Lets daemon_next_signal return number; from any thread. */
void daemon_signal(int number);

/* Raises the limit of open files to what is wanted, or as far as it may; the limit now. */
size_t daemon_allow_files(size_t wanted);
/* Lets a group connect to a UNIX socket of mode 0660. Follows no link. 0, or -1. */
int daemon_share_socket(const char *path, const char *group);
/* Becomes the user, with its groups and one more (NULL: none), for good. 0, or -1. */
int daemon_become(const char *user, const char *group);

/* Tells systemd, where the daemon runs under it (sd_notify(3)). */
void daemon_ready(void);
void daemon_reloading(void);
void daemon_stopping(void);

#endif
