/* suggest.c - which command or option a mistyped word was meant to be. */
#include <string.h>

#include "ctl/command.h"
#include "policy/base/nearest.h"

const char *ctl_suggest(const char *noun, const char *word)
{
	const struct ctl_command *command;
	struct pl_nearest nearest;

	pl_nearest_begin(&nearest, word);
	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++) {
		if (noun == NULL)
			pl_nearest_offer(&nearest, command->noun);
		else if (strcmp(noun, command->noun) == 0)
			pl_nearest_offer(&nearest, command->verb);
	}
	return nearest.found;
}

const char *ctl_suggest_option(const char *word)
{
	struct pl_nearest nearest;

	pl_nearest_begin(&nearest, word);
	for (unsigned int i = 0; i < CTL_OPTION_COUNT; i++)
		pl_nearest_offer(&nearest, ctl_option((enum ctl_option)i)->name);
	return nearest.found;
}
