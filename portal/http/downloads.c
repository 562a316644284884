/* downloads.c - see downloads.h. */
#include "portal/http/downloads.h"

#include <sys/socket.h>

void downloads_open(struct downloads *downloads)
{
	pthread_mutex_init(&downloads->lock, NULL);
	downloads->first = NULL;
}

void downloads_close(struct downloads *downloads)
{
	pthread_mutex_destroy(&downloads->lock);
}

void downloads_add(struct downloads *downloads, struct downloads_entry *entry, int64_t file_id,
		   int socket)
{
	entry->file_id = file_id;
	entry->socket = socket;
	entry->previous = NULL;
	pthread_mutex_lock(&downloads->lock);
	entry->next = downloads->first;
	if (entry->next != NULL)
		entry->next->previous = entry;
	downloads->first = entry;
	pthread_mutex_unlock(&downloads->lock);
}

void downloads_remove(struct downloads *downloads, struct downloads_entry *entry)
{
	pthread_mutex_lock(&downloads->lock);
	if (entry->previous != NULL)
		entry->previous->next = entry->next;
	else
		downloads->first = entry->next;
	if (entry->next != NULL)
		entry->next->previous = entry->previous;
	pthread_mutex_unlock(&downloads->lock);
}

static int has(const int64_t *ids, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++) {
		if (ids[i] == id)
			return 1;
	}
	return 0;
}

size_t downloads_files(struct downloads *downloads, int64_t *ids_r, size_t most)
{
	size_t count = 0;

	pthread_mutex_lock(&downloads->lock);
	for (struct downloads_entry *at = downloads->first; at != NULL && count < most;
	     at = at->next) {
		if (!has(ids_r, count, at->file_id))
			ids_r[count++] = at->file_id;
	}
	pthread_mutex_unlock(&downloads->lock);
	return count;
}

size_t downloads_cut(struct downloads *downloads, int64_t file_id)
{
	/* Closing it throws away what the kernel has not sent yet. */
	const struct linger reset = { .l_onoff = 1 };
	size_t count = 0;

	pthread_mutex_lock(&downloads->lock);
	for (struct downloads_entry *at = downloads->first; at != NULL; at = at->next) {
		if (at->file_id != file_id)
			continue;
		setsockopt(at->socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		/* The thread that sends notices it, and closes the socket, which is its own. */
		shutdown(at->socket, SHUT_RDWR);
		count++;
	}
	pthread_mutex_unlock(&downloads->lock);
	return count;
}
