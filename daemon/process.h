/* process.h - what a daemon is besides its work: signals, privileges, readiness.
 *
 * Functions that fail have logged why.
 */
#ifndef POSTLATCH_DAEMON_PROCESS_H
#define POSTLATCH_DAEMON_PROCESS_H

/* From now on SIGHUP, SIGTERM and SIGINT wait to be asked for. 0, or -1. */
int daemon_catch_signals(void);
/* The next of them; 0 when none came within timeout_ms (-1: waits for ever). */
int daemon_next_signal(int timeout_ms);
/* Lets daemon_next_signal return number; from any thread. */
void daemon_signal(int number);

/* Lets a group connect to a UNIX socket, and nobody else. 0, or -1. */
int daemon_share_socket(const char *path, const char *group);
/* Becomes the user, with its groups and group postlatch, for good. 0, or -1. */
int daemon_become(const char *user);

/* Tells systemd, where the daemon runs under it (sd_notify(3)). */
void daemon_ready(void);
void daemon_reloading(void);
void daemon_stopping(void);

#endif
