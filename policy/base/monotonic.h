/* monotonic.h - the clock that nobody sets, for periods and deadlines. */
#ifndef POSTLATCH_MONOTONIC_H
#define POSTLATCH_MONOTONIC_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since some moment before the program began. */
int64_t pl_monotonic_ms(void);
/* So many milliseconds from now, for functions that are told CLOCK_MONOTONIC. */
struct timespec pl_monotonic_after(int ms);

#endif
