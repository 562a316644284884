/* policy_text.c - see policy_text.h. */
#include "policy/settings/policy_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/settings/policy.h"

/* A file that we are willing to read: a regular one of bounded size, which not everyone may
 * write. */
static int acceptable_file(const char *path, struct pl_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "policy file %s: %s", path,
				    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return pl_error_set(err, PL_ERR_CONFIG, "policy file %s is not a regular file",
				    path);
	if ((st.st_mode & S_IWOTH) != 0)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "policy file %s: everyone can write to it; chmod o-w it", path);
	if (st.st_size > PL_POLICY_FILE_MAX)
		return pl_error_set(err, PL_ERR_CONFIG, "policy file %s is larger than %d bytes",
				    path, PL_POLICY_FILE_MAX);
	return 0;
}

int pl_policy_text_ok(const char *text, size_t len, const char *name, struct pl_error *err)
{
	if (len > PL_POLICY_FILE_MAX || memchr(text, '\0', len) != NULL)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "policy file %s is larger than %d bytes, or contains a NUL "
				    "byte",
				    name, PL_POLICY_FILE_MAX);
	return 0;
}

int pl_policy_read_text(const char *path, char **text_r, size_t *len_r, struct pl_error *err)
{
	char *text = NULL;
	FILE *in = NULL;
	int ret = -1;

	if (acceptable_file(path, err) < 0)
		return -1;
	in = fopen(path, "re");
	text = malloc(PL_POLICY_FILE_MAX + 2);
	if (in == NULL) {
		pl_error_set(err, PL_ERR_CONFIG, "policy file %s: %s", path, strerror(errno));
		goto out;
	}
	if (text == NULL) {
		pl_error_set(err, PL_ERR_RETRY, "policy: out of memory");
		goto out;
	}
	/* One byte more than is taken, to notice a file that grew meanwhile. */
	*len_r = fread(text, 1, PL_POLICY_FILE_MAX + 1, in);
	text[*len_r] = '\0';
	if (ferror(in))
		pl_error_set(err, PL_ERR_CONFIG, "policy file %s: %s", path, strerror(errno));
	else if (*len_r == 0) /* what there is for a moment when it is written in its place */
		pl_error_set(err, PL_ERR_CONFIG, "policy file %s is empty", path);
	else
		ret = pl_policy_text_ok(text, *len_r, path, err);
out:
	if (in != NULL)
		fclose(in);
	if (ret < 0)
		free(text);
	else
		*text_r = text;
	return ret;
}
