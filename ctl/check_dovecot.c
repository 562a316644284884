/* check_dovecot.c - what `doveconf -n` says about our passdb. */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define BLOCK_MAX 4096
#define BLOCKS_MAX 32

/* One passdb block, as text. */
struct block {
	char text[BLOCK_MAX];
	int ours;
};

/* The value of "name = value" in a block or a whole file; 0 when it is not there.
 * Looks at top-level lines when indent is 0, at lines of blocks otherwise. */
static int value_of(const char *text, const char *name, int indent, char *value, size_t size)
{
	size_t len = strlen(name);

	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');
		const char *word = line + strspn(line, " ");

		if ((word > line) == (indent != 0) && strncmp(word, name, len) == 0 &&
		    strncmp(word + len, " = ", 3) == 0) {
			const char *start = word + len + 3;

			snprintf(value, size, "%.*s", (int)strcspn(start, "\n"), start);
			return 1;
		}
		line = next == NULL ? NULL : next + 1;
	}
	return 0;
}

/* The text of the block that starts at a line; up to its closing brace. */
static const char *copy_block(const char *start, char *block, size_t size)
{
	const char *end = strstr(start, "\n}");

	if (end == NULL)
		return NULL;
	snprintf(block, size, "%.*s", (int)(end - start), start);
	return end + 2;
}

static size_t read_passdbs(const char *text, struct block *blocks)
{
	size_t count = 0;
	char driver[64];

	while (text != NULL && count < BLOCKS_MAX && (text = strstr(text, "passdb {\n")) != NULL) {
		text = copy_block(text, blocks[count].text, sizeof(blocks[count].text));
		if (text == NULL)
			break;
		blocks[count].ours = value_of(blocks[count].text, "driver", 1, driver, sizeof(driver)) &&
				     strcmp(driver, "postlatch") == 0;
		count++;
	}
	return count;
}

static void check_our_block(struct check *check, const struct block *block, int is_first)
{
	char value[256];

	if (!value_of(block->text, "result_internalfail", 1, value, sizeof(value)) ||
	    strcmp(value, "return-fail") != 0)
		check_find(check, CHECK_FAULT, "the passdb block of driver postlatch lacks result_internalfail = "
					       "return-fail: while the database is out of reach everyone would be "
					       "let in; include conf.d/dovecot/05-postlatch.conf as it is");
	if (!is_first)
		check_find(check, CHECK_FAULT, "another passdb stands before the one of driver postlatch, and "
					       "lets in whom the policy keeps out; put it first");
	if (value_of(block->text, "mechanisms", 1, value, sizeof(value)))
		check_find(check, CHECK_WARNING, "mechanisms = %s limits the passdb of driver postlatch: logins by "
						 "other mechanisms are not judged; remove the line", value);
}

static void check_other_blocks(struct check *check, const struct block *blocks, size_t count,
			       const char *text)
{
	char mechanisms[256], value[256];

	if (!value_of(text, "auth_mechanisms", 0, mechanisms, sizeof(mechanisms)))
		return;
	if (strstr(mechanisms, "cram-md5") != NULL || strstr(mechanisms, "scram-") != NULL ||
	    strstr(mechanisms, "digest-md5") != NULL)
		check_find(check, CHECK_WARNING, "auth_mechanisms = %s: clients that choose CRAM-MD5, SCRAM or "
						 "DIGEST-MD5 cannot use app passwords; leave those out", mechanisms);
	if (strstr(mechanisms, "xoauth2") == NULL && strstr(mechanisms, "oauthbearer") == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		if (!blocks[i].ours && !value_of(blocks[i].text, "mechanisms", 1, value, sizeof(value)))
			check_find(check, CHECK_WARNING, "a passdb of yours takes bearer tokens for passwords; add "
							 "mechanisms = plain login none (and others that you use) to it");
	}
}

static void check_auth_service(struct check *check, const char *text)
{
	const char *start = strstr(text, "service auth {\n");
	char block[BLOCK_MAX], groups[256];

	if (start == NULL || copy_block(start, block, sizeof(block)) == NULL ||
	    ((!value_of(block, "extra_groups", 1, groups, sizeof(groups)) ||
	      strstr(groups, "postlatch") == NULL) &&
	     (!value_of(block, "group", 1, groups, sizeof(groups)) || strcmp(groups, "postlatch") != 0)))
		check_find(check, CHECK_FAULT, "Dovecot's auth process is not in group postlatch, so it cannot "
					       "read the database; add service auth { extra_groups = postlatch }");
}

static void check_userdbs(struct check *check, const char *text)
{
	char driver[64], block[BLOCK_MAX];
	int prefetch = 0, other = 0;

	while (text != NULL && (text = strstr(text, "userdb {\n")) != NULL) {
		text = copy_block(text, block, sizeof(block));
		if (text == NULL || !value_of(block, "driver", 1, driver, sizeof(driver)))
			continue;
		if (strcmp(driver, "prefetch") == 0)
			prefetch = 1;
		else
			other = 1;
	}
	if (prefetch && !other)
		check_find(check, CHECK_FAULT, "userdb prefetch alone knows nothing of members who sign in with an "
					       "app password; add the userdb of your passdb behind it");
}

void check_dovecot_text(struct check *check, const char *doveconf)
{
	struct block *blocks = calloc(BLOCKS_MAX, sizeof(*blocks));
	enum check_level before = check->worst;
	size_t count = blocks == NULL ? 0 : read_passdbs(doveconf, blocks);
	int ours = 0;
	char value[64];

	check->worst = CHECK_OK;
	for (size_t i = 0; i < count; i++) {
		if (blocks[i].ours)
			check_our_block(check, &blocks[i], i == 0);
		ours |= blocks[i].ours;
	}
	if (!ours)
		check_find(check, CHECK_FAULT, "Dovecot has no passdb of driver postlatch, so nothing is judged; "
					       "include conf.d/dovecot/05-postlatch.conf");
	else if (count < 2)
		check_find(check, CHECK_WARNING, "there is no passdb beside ours: only app passwords and tokens work");
	check_other_blocks(check, blocks, count, doveconf);
	check_auth_service(check, doveconf);
	check_userdbs(check, doveconf);
	if (value_of(doveconf, "auth_failure_delay", 0, value, sizeof(value)) && strtol(value, NULL, 10) == 0)
		check_find(check, CHECK_WARNING, "auth_failure_delay = %s lets passwords be guessed fast; remove it",
			   value);
	if (check->worst == CHECK_OK)
		check_find(check, CHECK_OK, "the passdb of driver postlatch is set up well");
	if (before > check->worst)
		check->worst = before;
	free(blocks);
}

void check_dovecot(struct check *check)
{
	const char *file = check->ctl->option[CTL_OPTION_DOVECOT_CONF];
	const char *const argv[] = { "doveconf", "-n", file != NULL ? "-c" : NULL, file, NULL };
	char *text = check_run(argv);

	if (text == NULL) {
		check_find(check, file != NULL ? CHECK_FAULT : CHECK_WARNING,
			   "`doveconf -n` cannot be run here or fails; run it yourself to see why");
		return;
	}
	check_dovecot_text(check, text);
	free(text);
}
