/* check_outbox.c - whether messages to members are sent. */
#include <ctype.h>
#include <dirent.h>
#include <string.h>

#include "ctl/check/check.h"
#include "policy/outbox/outbox.h"

#define WAIT_MOST 300             /* seconds; a sender looks every second */
#define PROCESS "postlatch-sende" /* as the kernel cuts the name */

static int is_sender(const char *pid)
{
	char path[64], name[32] = "";
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	in = fopen(path, "r");
	if (in == NULL)
		return 0;
	if (fgets(name, sizeof(name), in) == NULL)
		name[0] = '\0';
	fclose(in);
	return strcmp(name, PROCESS "\n") == 0;
}

/* Whether a sender runs on this machine; yes where that cannot be seen. */
static int sender_runs(void)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	int found = 0;

	if (processes == NULL)
		return 1;
	while (!found && (entry = readdir(processes)) != NULL)
		found = isdigit((unsigned char)entry->d_name[0]) && is_sender(entry->d_name);
	closedir(processes);
	return found;
}

static void check_process(struct check *check)
{
	const int may_be_elsewhere = pl_store_is_remote(check->policy->database);

	if (check->policy->portal_url[0] == '\0' || sender_runs())
		return;
	check_find(check, may_be_elsewhere ? CHECK_WARNING : CHECK_FAULT,
		   "postlatch-sender does not run%s, so members are not told of changes of their "
		   "account; systemctl enable --now postlatch-sender",
		   may_be_elsewhere ? " on this machine, and perhaps on no other" : "");
}

int check_outbox(struct check *check)
{
	struct pl_error err = { 0 };
	struct pl_work work = { .store = check->store, .err = &err };
	struct pl_outbox_state state;

	if (check->policy->sendmail[0] == '\0')
		return 0;
	check_process(check);
	work.now = pl_store_now(work.store);
	if (pl_outbox_read_state(&work, &state) < 0) {
		check_find(check, CHECK_FAULT, "%s", err.msg);
		return 1;
	}
	if (state.due_since != 0 && work.now - state.due_since > WAIT_MOST)
		check_find(check, CHECK_FAULT,
			   "a message to a member has been waiting for %lld minutes, as no sender "
			   "takes it; start postlatch-sender, or see its log",
			   (long long)(work.now - state.due_since) / 60);
	if (state.refused > 0)
		check_find(check, CHECK_WARNING,
			   "%lld messages to members could not be sent at three tries or more; see "
			   "the log of postlatch-sender",
			   (long long)state.refused);
	return 1;
}
