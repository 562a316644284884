/* monotonic.h - a clock that cannot be set, for periods and deadlines. */
#ifndef POSTLATCH_MONOTONIC_H
#define POSTLATCH_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since an unspecified time before the program began. */
int64_t pl_monotonic_ms(void);
/* The time this many milliseconds from now, for functions that use CLOCK_MONOTONIC. */
struct timespec pl_monotonic_after(int ms);

#endif
