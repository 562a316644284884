/* course.c - see course.h. */
#include "policy/forward/course.h"

/* FNV-1a. Names that meet by chance only make a circle look smaller. */
static uint64_t hash_of(const char *name)
{
	uint64_t value = 14695981039346656037u;

	for (; *name != '\0'; name++)
		value = (value ^ (unsigned char)*name) * 1099511628211u;
	return value;
}

/* Its place, or the number of names. */
static size_t place_of(const struct pl_course *course, uint64_t hash)
{
	size_t i = 0;

	while (i < course->names && course->name[i].hash != hash)
		i++;
	return i;
}

int pl_course_ask(struct pl_course *course, const char *name, int64_t now_ms)
{
	const uint64_t hash = hash_of(name);
	size_t place;

	if (now_ms - course->asked_ms > PL_COURSE_PAUSE_MS)
		course->names = 0;
	course->asked_ms = now_ms;
	place = place_of(course, hash);
	if (place < course->names)
		return course->name[place].forwards >= PL_COURSE_MANY;
	/* More names than a circle has: what has been counted does not belong together. */
	if (course->names == PL_COURSE_NAMES)
		course->names = 0;
	course->name[course->names].hash = hash;
	course->name[course->names++].forwards = 0;
	return 0;
}

void pl_course_forward(struct pl_course *course, const char *name)
{
	const size_t place = place_of(course, hash_of(name));

	if (place < course->names && course->name[place].forwards < PL_COURSE_MANY)
		course->name[place].forwards++;
}
