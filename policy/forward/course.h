/* course.h - whether Postfix goes in circles.
 *
 * Postfix's own aliases are not known here, so a forward to an alias of its owner cannot be seen
 * when one address is looked up. But each cleanup(8) process asks on a connection of its own, and
 * in a circle it asks for the same few addresses, without a pause, until it reaches its limit of
 * 1000 and refuses the message. For mail it does not ask so often: a process ends after 100
 * messages (max_use). A circle with more than eight other addresses reaches that limit before it
 * is seen.
 */
#ifndef POSTLATCH_FORWARD_COURSE_H
#define POSTLATCH_FORWARD_COURSE_H

#include <stddef.h>
#include <stdint.h>

#define PL_COURSE_NAMES 16     /* of one circle */
#define PL_COURSE_MANY 110     /* answers about one of them */
#define PL_COURSE_PAUSE_MS 250 /* after which it is another message */

/* Of one connection; all zero at its beginning. */
struct pl_course {
	struct {
		uint64_t hash;
		int forwards; /* how often it was answered with a forward */
	} name[PL_COURSE_NAMES];
	size_t names;
	int64_t asked_ms;
};

/* To be called for each question, with a clock that only goes forward. Whether the name has been
 * forwarded so often that it must be part of a circle. */
int pl_course_ask(struct pl_course *course, const char *name, int64_t now_ms);
/* To be called when it was answered with a forward. */
void pl_course_forward(struct pl_course *course, const char *name);

#endif
