/* service.h - takes connections, and gives each of them a process. */
#ifndef POSTLATCH_PASSWORD_SERVICE_H
#define POSTLATCH_PASSWORD_SERVICE_H

#include "password/change.h"

/* At once; others are told to come back later. */
#define SERVICE_CHANGES_MAX 16

/* Until signal_fd can be read. */
void service_run(int listener, int signal_fd, const struct change_command *command);
/* Waits for the changes that have begun. */
void service_finish(void);

#endif
