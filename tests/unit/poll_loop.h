/* poll_loop.h - an event loop of poll(2), for what runs on Dovecot's. */
#ifndef POSTLATCH_TEST_POLL_LOOP_H
#define POSTLATCH_TEST_POLL_LOOP_H

#include "policy/base/event_loop.h"

extern const struct pl_event_loop poll_loop;

/* Runs it until *is_done, or so long. Returns *is_done. */
int poll_loop_until(const int *is_done, int ms);

#endif
