/* target.c - see target.h. */
#include "policy/forward/target.h"

#include <stdio.h>
#include <string.h>

int pl_local_is_plain(const char *local)
{
	const size_t len = strlen(local);

	return len > 0 && local[0] != '.' && local[len - 1] != '.' && strstr(local, "..") == NULL;
}

size_t pl_local_base(const char *local, const char *delimiters)
{
	const size_t base = strcspn(local, delimiters);

	/* What begins with a delimiter has no extension. */
	return base == 0 ? strlen(local) : base;
}

int pl_target_parse(const char *text, struct pl_target *target_r, struct pl_error *err)
{
	const char *at = strrchr(text, '@');
	struct pl_target *target = target_r;

	memset(target, 0, sizeof(*target));
	if (pl_address_parse(text, strlen(text), NULL, &target->address, err) < 0)
		return pl_error_prefix(err, "target \"%.100s\"", text);
	if (!pl_local_is_plain(target->address.local))
		return pl_error_set(err, PL_ERR_INVALID,
				    "target \"%.100s\": no dots may stand at the beginning, at the "
				    "end or side by side before '@'",
				    text);
	if (strlen(target->address.local) == (size_t)(at - text))
		snprintf(target->text, sizeof(target->text), "%.*s@%s", (int)(at - text), text,
			 target->address.domain);
	else
		pl_address_format(&target->address, target->text);
	return 0;
}
