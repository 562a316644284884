/* downloads.h - the open files that are being sent, so that they can be cut off.
 *
 * Whoever sends one adds it before the first byte and removes it after the last one, while the
 * socket is open. All functions may be called by any thread.
 */
#ifndef POSTLATCH_PORTAL_DOWNLOADS_H
#define POSTLATCH_PORTAL_DOWNLOADS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct downloads_entry {
	struct downloads_entry *previous, *next;
	int64_t file_id;
	int socket;
};

struct downloads {
	pthread_mutex_t lock;
	struct downloads_entry *first;
};

void downloads_open(struct downloads *downloads);
void downloads_close(struct downloads *downloads);
/* entry is the caller's, and stays where it is until it is removed. */
void downloads_add(struct downloads *downloads, struct downloads_entry *entry, int64_t file_id,
		   int socket);
void downloads_remove(struct downloads *downloads, struct downloads_entry *entry);
/* The files that are being sent, each once: how many, up to most. */
size_t downloads_files(struct downloads *downloads, int64_t *ids_r, size_t most);
/* Resets the connections on which a file is being sent, with the bytes that wait: how many. */
size_t downloads_cut(struct downloads *downloads, int64_t file_id);

#endif
