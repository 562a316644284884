/* table.c - commands.def and options.def as tables. */
#include "ctl/command.h"

/* In a row of commands.def: the command takes this option of options.def, or needs it. */
#define CTL_TAKES(id) [CTL_OPTION_##id] = TAKES,
#define CTL_NEEDS(id) [CTL_OPTION_##id] = TAKES_ALWAYS,

static const struct ctl_command commands[] = {
#define CTL_COMMAND(noun, verb, arguments, min, max, needs, options, run, summary, details) \
	{ noun, verb, arguments, min, max, needs, { options }, run, summary, details },
#include "ctl/commands.def"
#undef CTL_COMMAND
};

static const struct ctl_option_info options[] = {
#define CTL_OPTION(id, name, argument, text) { name, argument, text },
#include "ctl/options.def"
#undef CTL_OPTION
};

const struct ctl_command *ctl_command(size_t index)
{
	return index < sizeof(commands) / sizeof(commands[0]) ? &commands[index] : NULL;
}

const struct ctl_option_info *ctl_option(enum ctl_option option)
{
	return &options[option];
}
