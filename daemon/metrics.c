/* metrics.c - see metrics.h. */
#include "daemon/metrics.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"

#define EXACT 9007199254740992.0 /* 2 to the 53 */

/* Milliseconds; a request may take 2.25 s, and one that Dovecot delays 30 s. */
static const int64_t bounds[METRICS_BUCKETS] = { 5, 10, 25, 50, 100, 250, 1000, 2500, 5000, 30000 };

static int out_of_memory(struct pl_error *err)
{
	return pl_error_set(err, PL_ERR_RETRY, "metrics: out of memory");
}

int metrics_begin(struct metrics *metrics, struct pl_error *err)
{
	metrics->text = NULL;
	metrics->out = open_memstream(&metrics->text, &metrics->len);
	return metrics->out == NULL ? out_of_memory(err) : 0;
}

int metrics_end(struct metrics *metrics, char **text_r, size_t *len_r, struct pl_error *err)
{
	const int failed = ferror(metrics->out) != 0;

	if (fclose(metrics->out) != 0 || failed) {
		free(metrics->text);
		return out_of_memory(err);
	}
	*text_r = metrics->text;
	*len_r = metrics->len;
	return 0;
}

void metrics_describe(struct metrics *metrics, const char *name, const char *type, const char *text)
{
	fprintf(metrics->out, "# HELP %s %s\n# TYPE %s %s\n", name, text, name, type);
}

static void put_value(FILE *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*value == '\\' || *value == '"')
			putc('\\', out);
		putc(*value, out);
	}
}

/* Labels may follow those that are there already. */
static void put_labels(FILE *out, const struct metrics_label *labels, const char *before)
{
	for (; labels != NULL && labels->name != NULL; labels++) {
		fprintf(out, "%s%s=\"", before, labels->name);
		put_value(out, labels->value);
		putc('"', out);
		before = ",";
	}
}

void metrics_add(struct metrics *metrics, const char *name, const struct metrics_label *labels,
		 double value)
{
	const int has_labels = labels != NULL && labels->name != NULL;

	fputs(name, metrics->out);
	put_labels(metrics->out, labels, "{");
	if (has_labels)
		putc('}', metrics->out);
	/* Whole numbers as they are, up to what a double holds exactly. */
	if (value >= 0 && value <= EXACT && value == (double)(uint64_t)value)
		fprintf(metrics->out, " %.0f\n", value);
	else
		fprintf(metrics->out, " %.9g\n", value);
}

void metrics_add_one(struct metrics *metrics, const char *name, const char *type, const char *text,
		     double value)
{
	metrics_describe(metrics, name, type, text);
	metrics_add(metrics, name, NULL, value);
}

/* ---- the process ---- */

/* -1: cannot be read. */
static long resident_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = -1;

	if (file == NULL)
		return -1;
	if (fscanf(file, "%*d %ld", &pages) != 1)
		pages = -1;
	fclose(file);
	return pages;
}

/* Without the one that looks; -1: cannot be read. */
static long open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	long count = -1;

	if (folder == NULL)
		return -1;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

void metrics_add_process(struct metrics *metrics, const char *program)
{
	const long pages = resident_pages(), descriptors = open_descriptors();
	const long page_bytes = sysconf(_SC_PAGESIZE);
	struct rusage usage;

	metrics_describe(metrics, "postlatch_build_info", "gauge",
			 "1, with the program and its version.");
	metrics_add(metrics, "postlatch_build_info",
		    METRICS_LABELS({ "program", program }, { "version", PACKAGE_VERSION }), 1);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		metrics_add_one(metrics, "process_cpu_seconds_total", "counter",
				"Processor time of user and system.",
				seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
	if (pages >= 0)
		metrics_add_one(metrics, "process_resident_memory_bytes", "gauge",
				"Resident memory.", (double)pages * (double)page_bytes);
	if (descriptors >= 0)
		metrics_add_one(metrics, "process_open_fds", "gauge", "Open file descriptors.",
				(double)descriptors);
}

/* ---- how long something takes ---- */

void metrics_observe(struct metrics_histogram *histogram, int64_t ms)
{
	size_t i = 0;

	while (i < METRICS_BUCKETS && ms > bounds[i])
		i++;
	__atomic_add_fetch(&histogram->bucket[i], 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&histogram->sum_ms, ms > 0 ? (uint64_t)ms : 0, __ATOMIC_RELAXED);
}

/* Buckets are cumulative: each has those of the lower ones, too. */
void metrics_add_histogram(struct metrics *metrics, const char *name,
			   const struct metrics_label *label,
			   const struct metrics_histogram *histogram)
{
	const struct metrics_label none = { NULL, NULL };
	const struct metrics_label first = label == NULL ? none : *label;
	const struct metrics_label *of_name = label == NULL ? NULL : METRICS_LABELS(first);
	const uint64_t sum_ms = __atomic_load_n(&histogram->sum_ms, __ATOMIC_RELAXED);
	char line[128], bound[24];
	uint64_t count = 0;

	snprintf(line, sizeof(line), "%s_bucket", name);
	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		const struct metrics_label le = { "le", bound };

		count += __atomic_load_n(&histogram->bucket[i], __ATOMIC_RELAXED);
		if (i < METRICS_BUCKETS)
			snprintf(bound, sizeof(bound), "%g", (double)bounds[i] / 1000);
		else
			snprintf(bound, sizeof(bound), "+Inf");
		metrics_add(metrics, line,
			    label == NULL ? METRICS_LABELS(le) : METRICS_LABELS(first, le),
			    (double)count);
	}
	snprintf(line, sizeof(line), "%s_sum", name);
	metrics_add(metrics, line, of_name, (double)sum_ms / 1000);
	snprintf(line, sizeof(line), "%s_count", name);
	metrics_add(metrics, line, of_name, (double)count);
}
