/* forward_map.h - the socket at which Postfix asks for members' forwards.
 *
 * Owns a listener, a thread for it, and a thread for each connection: every process of Postfix that
 * looks addresses up has one. What is answered is decided in evaluate.c; a failure is answered
 * TEMP, and Postfix puts the mail off.
 *
 * The map is called "forward", followed by Postfix's recipient_delimiter, so that both agree on it.
 */
#ifndef POSTLATCH_MILTER_FORWARD_MAP_H
#define POSTLATCH_MILTER_FORWARD_MAP_H

#include "milter/evaluate.h"

struct forward_map;

/* Listens at a socket, "unix:PATH", with which group may share it (NULL: nobody's). Fails with the
 * error. */
int forward_map_open(const char *socket, const char *group, struct forward_map **map_r,
		     struct pl_error *err);
/* Begins to answer. The milter stays the caller's, and must outlive the map. */
int forward_map_start(struct forward_map *map, struct milter *milter, struct pl_error *err);
/* Ends all connections, and removes the socket. Accepts NULL. */
void forward_map_close(struct forward_map **map);

#endif
