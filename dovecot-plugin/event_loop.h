/* event_loop.h - Dovecot's event loop, as policy/base/event_loop.h wants it. */
#ifndef POSTLATCH_DOVECOT_EVENT_LOOP_H
#define POSTLATCH_DOVECOT_EVENT_LOOP_H

#include "policy/base/event_loop.h"

extern const struct pl_event_loop dovecot_event_loop;

#endif
