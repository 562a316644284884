/* metrics.h - what a daemon counts, as text for Prometheus (exposition format 0.0.4).
 *
 * A struct metrics is one answer in the making, used by one thread. A failure, which is one of
 * memory, is kept and reported at the end, so that callers need not look at each line.
 */
#ifndef POSTLATCH_DAEMON_METRICS_H
#define POSTLATCH_DAEMON_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "policy/base/error.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics {
	FILE *out;
	char *text;
	size_t len;
};

/* A list of them ends with one of which the name is NULL. */
struct metrics_label {
	const char *name, *value;
};

#define METRICS_LABELS(...) ((const struct metrics_label[]){ __VA_ARGS__, { NULL, NULL } })

/* 0, or -1: out of memory. */
int metrics_begin(struct metrics *metrics, struct pl_error *err);
/* The lines before those of a name; type is "counter", "gauge" or "histogram". Counters end in
 * _total, and what has a unit has it in its name: _seconds, _bytes. */
void metrics_describe(struct metrics *metrics, const char *name, const char *type,
		      const char *text);
/* A line. labels may be NULL: none. Values are escaped. */
void metrics_add(struct metrics *metrics, const char *name, const struct metrics_label *labels,
		 double value);
/* What has no labels, with its description. */
void metrics_add_one(struct metrics *metrics, const char *name, const char *type, const char *text,
		     double value);
/* The process and the program that it runs: memory, descriptors, processor time, version. */
void metrics_add_process(struct metrics *metrics, const char *program);
/* The text is the caller's to free. 0, or -1: out of memory, and then there is none. */
int metrics_end(struct metrics *metrics, char **text_r, size_t *len_r, struct pl_error *err);

/* ---- how long something takes ---- */

#define METRICS_BUCKETS 10

/* All zero at first; any thread may add. */
struct metrics_histogram {
	uint64_t bucket[METRICS_BUCKETS + 1]; /* the last one has what took longest */
	uint64_t sum_ms;
};

void metrics_observe(struct metrics_histogram *histogram, int64_t ms);
/* In seconds. label may be NULL. */
void metrics_add_histogram(struct metrics *metrics, const char *name,
			   const struct metrics_label *label,
			   const struct metrics_histogram *histogram);

#endif
