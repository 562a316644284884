/* clamd.h - has bytes scanned by ClamAV's daemon over its UNIX socket (clamd(8), INSTREAM).
 *
 * The bytes are sent as they come, and nothing is kept. Whatever is not answered with certainty is
 * "not scanned", never "clean".
 */
#ifndef POSTLATCH_CLAMD_H
#define POSTLATCH_CLAMD_H

#include <stddef.h>

#include "policy/base/error.h"

enum clamd_result {
	CLAMD_CLEAN,
	CLAMD_INFECTED,
	CLAMD_TOO_LARGE, /* for the limits of clamd: another attempt is of no use */
	CLAMD_SILENT,    /* it cannot be asked at the moment */
};

#define CLAMD_NAME 128

struct clamd {
	int fd; /* -1: it cannot be asked, and said is why */
	char said[CLAMD_NAME];
};

/* Connects and begins a scan. Cannot fail: that it cannot be asked is a result. */
void clamd_begin(struct clamd *clamd, const char *path);
void clamd_write(struct clamd *clamd, const unsigned char *bytes, size_t count);
/* Waits for the answer and hangs up. waiting is called every few seconds. said has the name of
 * what was found, or why it was not scanned. */
enum clamd_result clamd_end(struct clamd *clamd, void (*waiting)(void *context), void *context);
/* Hangs up. */
void clamd_drop(struct clamd *clamd);

#endif
