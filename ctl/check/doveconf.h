/* doveconf.h - reads what `doveconf -n` prints: "name = value" at top level and in blocks.
 *
 * A list may also be a block of "word = yes", of which the words make the value.
 */
#ifndef POSTLATCH_DOVECONF_H
#define POSTLATCH_DOVECONF_H

#include <stddef.h>

#define DOVECONF_BLOCK_MAX 4096

/* The value of a setting that is not in a block, or that is in the given one;
 * 0 when it is not there, which means its default. */
int doveconf_value(const char *text, const char *name, char *value, size_t size);
int doveconf_block_value(const char *block, const char *name, char *value, size_t size);

/* Copies the next block whose first line is given, as "passdb {", from that line to
 * its last setting, and returns where text goes on; NULL when there is none.
 * Blocks at top level and within another block look alike but for their indent. */
const char *doveconf_block(const char *text, const char *first_line, char *block, size_t size);
/* The same for the next block of a kind, such as inet_listener, whatever its name is. */
const char *doveconf_block_of(const char *text, const char *kind, char *block, size_t size);

/* The next block of kind passdb or userdb, as above, and its driver: in 2.4 the
 * block's name, unless it says otherwise. */
struct doveconf_database {
	char block[DOVECONF_BLOCK_MAX];
	char driver[64];
};
const char *doveconf_database(const char *text, const char *kind,
			      struct doveconf_database *database_r);

/* What has another name in each release, and what is another way. */
struct doveconf_release {
	const char *begins;     /* the first line of what doveconf prints */
	const char *mechanisms; /* those by which a passdb is asked */
	const char *address;    /* of an inet_listener */
	int introspects; /* tokens are checked by the block oauth2, and offered to no passdb */
};

/* That of the release whose doveconf printed text; never NULL. */
const struct doveconf_release *doveconf_release(const char *text);

#endif
