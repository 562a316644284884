/* shared_driver.c - see shared_driver.h. */
#include "lib.h"
#include "auth-common.h"

#include "dovecot-plugin/event_loop.h"
#include "dovecot-plugin/shared_driver.h"

struct shared_driver {
	struct shared_driver *next;
	struct pl_driver *driver;
	char *policy_path;
	unsigned int holders;
};

static struct shared_driver *drivers;

static void driver_log(enum pl_driver_level level, const char *msg)
{
	switch (level) {
	case PL_DRIVER_INFO:
		i_info("passdb postlatch: %s", msg);
		break;
	case PL_DRIVER_ERROR:
		i_error("passdb postlatch: %s", msg);
		break;
	}
}

static struct shared_driver *open_driver(const char *policy_path)
{
	const struct pl_driver_options options = {
		.policy_path = policy_path,
		.records_logins = !worker, /* which never hears how a request ended */
		.log = driver_log,
		.loop = &dovecot_event_loop,
	};
	struct shared_driver *shared = i_new(struct shared_driver, 1);

	shared->policy_path = i_strdup(policy_path);
	shared->driver = pl_driver_new(&options);
	if (shared->driver == NULL)
		i_fatal_status(FATAL_OUTOFMEM, "passdb postlatch: out of memory");
	shared->next = drivers;
	drivers = shared;
	return shared;
}

static struct pl_driver *hold_driver(const char *policy_path)
{
	struct shared_driver *shared = drivers;

	while (shared != NULL && strcmp(shared->policy_path, policy_path) != 0)
		shared = shared->next;
	if (shared == NULL)
		shared = open_driver(policy_path);
	shared->holders++;
	return shared->driver;
}

void driver_block_init(struct driver_block *block, struct pool *pool, const char *policy_file)
{
	block->policy_path =
		*policy_file != '\0' ? p_strdup(pool, policy_file) : PL_POLICY_DEFAULT_PATH;
	block->driver = NULL;
}

struct pl_driver *driver_block_get(struct driver_block *block)
{
	if (block->driver == NULL)
		block->driver = hold_driver(block->policy_path);
	return block->driver;
}

void driver_block_deinit(struct driver_block *block)
{
	struct shared_driver **at = &drivers, *shared;

	if (block->driver == NULL)
		return;
	while ((*at)->driver != block->driver)
		at = &(*at)->next;
	block->driver = NULL;
	shared = *at;
	if (--shared->holders > 0)
		return;
	*at = shared->next;
	pl_driver_free(&shared->driver);
	i_free(shared->policy_path);
	i_free(shared);
}
