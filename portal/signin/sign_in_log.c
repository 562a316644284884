/* sign_in_log.c - see sign_in_log.h. */
#include "portal/signin/sign_in_log.h"

#include <pthread.h>
#include <string.h>

#include "daemon/log.h"
#include "policy/base/address.h"
#include "policy/base/monotonic.h"

void log_sign_in(const char *ip, const char *address, const char *result)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._+-";
	char name[PL_ADDRESS_MAX + 1];
	size_t len = strnlen(address, PL_ADDRESS_MAX);

	/* What a stranger typed must not look like another field. */
	for (size_t i = 0; i < len; i++)
		name[i] = strchr(plain, address[i]) != NULL ? address[i] : '?';
	name[len] = '\0';
	daemon_log(LOG_INFO, "sign-in address=%s ip=%s result=%s", name, ip, result);
}

#define WAITING 256 /* addresses that are remembered; of two in one place the later one */

/* Until when lines about an address are left out. */
static struct {
	unsigned int hash;
	int64_t until_ms;
} waiting[WAITING];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* FNV-1a. */
static unsigned int hash_of(const char *text)
{
	unsigned int hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

void log_throttled(const char *ip, const char *address, int64_t wait)
{
	const unsigned int hash = hash_of(ip);
	const size_t place = hash % WAITING;
	const int64_t now = pl_monotonic_ms();
	int is_first;

	pthread_mutex_lock(&lock);
	is_first = waiting[place].hash != hash || waiting[place].until_ms <= now;
	if (is_first) {
		waiting[place].hash = hash;
		waiting[place].until_ms = now + wait * 1000;
	}
	pthread_mutex_unlock(&lock);
	if (is_first)
		log_sign_in(ip, address, "throttled");
}
