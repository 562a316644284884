/* help.c - --help and the sections of the manual pages, from the tables. */
#include "ctl/command.h"

#include <string.h>

#include "policy/settings/brand.h"

static int takes_options(const struct ctl_command *command)
{
	static const unsigned char none[CTL_OPTION_COUNT];

	return memcmp(command->takes, none, sizeof(none)) != 0;
}

static void usage_line(FILE *out, const struct ctl_command *command)
{
	fprintf(out, "postlatch %s%s%s%s%s", command->noun, *command->verb ? " " : "",
		command->verb, *command->arguments ? " " : "", command->arguments);
	for (unsigned int i = 0; i < CTL_OPTION_COUNT; i++) {
		const struct ctl_option_info *option = ctl_option((enum ctl_option)i);

		if (command->takes[i] != TAKES_NOT)
			fprintf(out,
				command->takes[i] == TAKES_ALWAYS ? " --%s%s%s" : " [--%s%s%s]",
				option->name, option->argument != NULL ? " " : "",
				option->argument != NULL ? option->argument : "");
	}
	fputc('\n', out);
}

void ctl_help(FILE *out)
{
	const struct ctl_command *command;

	fputs("Usage: postlatch [-c FILE] [--json] COMMAND [ARGUMENTS]\n\n"
	      "Decides which logins a mail server of Dovecot and Postfix accepts, and which mail "
	      "it forwards.\n\n"
	      "  -c FILE    policy file; default " PL_POLICY_DEFAULT_PATH "\n"
	      "  --json     answer in JSON\n"
	      "  --version  print the version\n\nCommands:\n",
	      out);
	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s %s", command->noun, command->verb);
		fprintf(out, "  %-20s %s\n", name, command->summary);
	}
	fputs("\n`postlatch COMMAND --help` describes a command, `man postlatch` all of them.\n\n"
	      "Exit status: 0 done, 1 refused because of stored data, 64 usage, 65 bad data,\n"
	      "70 a fault of this program, 75 try again later, 78 configuration;\n"
	      "explain and check have their own, see their --help.\n",
	      out);
}

void ctl_help_noun(FILE *out, const char *noun)
{
	const struct ctl_command *command;

	fputs("Usage:\n", out);
	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++) {
		if (strcmp(command->noun, noun) != 0)
			continue;
		fputs("  ", out);
		usage_line(out, command);
		fprintf(out, "      %s\n", command->summary);
	}
}

void ctl_help_command(FILE *out, const struct ctl_command *command)
{
	fputs("Usage: ", out);
	usage_line(out, command);
	fprintf(out, "\n%s\n", command->summary);
	if (*command->details != '\0')
		fprintf(out, "%s\n", command->details);
	if (takes_options(command))
		fputs("\nOptions:\n", out);
	for (unsigned int i = 0; i < CTL_OPTION_COUNT; i++) {
		const struct ctl_option_info *option = ctl_option((enum ctl_option)i);

		if (command->takes[i] != TAKES_NOT)
			fprintf(out, "  --%s%s%s\n      %s\n", option->name,
				option->argument != NULL ? " " : "",
				option->argument != NULL ? option->argument : "", option->text);
	}
}

/* Text of a page in mdoc(7). A backquote turns bold on and off, a sentence begins
 * a new line, and the dashes of an option stay what one types. */
static void roff(FILE *out, const char *text)
{
	int line_start = 1, bold = 0, in_option = 0;
	char before = ' ';

	for (; *text != '\0'; before = *text++) {
		if (line_start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		line_start = *text == '\n' || (*text == ' ' && before == '.');
		in_option = *text == '-' ? in_option || before == ' ' : in_option && *text != ' ';
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-' && in_option)
			fputs("\\-", out);
		else if (*text == '`')
			fputs((bold = !bold) ? "\\fB" : "\\fR", out);
		else if (*text == '\n')
			fputs("\n.Pp\n", out);
		else
			fputc(line_start ? '\n' : *text, out);
	}
}

static void manual_option(FILE *out, const struct ctl_option_info *option)
{
	fprintf(out, ".It Fl \\-%s", option->name);
	if (option->argument != NULL)
		fprintf(out, " Ar %s", option->argument);
	fputs("\n", out);
	roff(out, option->text);
	fputs("\n", out);
}

static void manual_options(FILE *out, const struct ctl_command *command)
{
	if (!takes_options(command))
		return;
	fputs(".Bl -tag -width Ds\n", out);
	for (unsigned int i = 0; i < CTL_OPTION_COUNT; i++) {
		if (command->takes[i] != TAKES_NOT)
			manual_option(out, ctl_option((enum ctl_option)i));
	}
	fputs(".El\n", out);
}

static void manual_commands(FILE *out)
{
	const struct ctl_command *command;

	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++) {
		fprintf(out, ".It Cm %s%s%s%s%s", command->noun, *command->verb ? " " : "",
			command->verb, *command->arguments ? " Ar " : "", command->arguments);
		fputs("\n", out);
		roff(out, command->summary);
		fputs("\n", out);
		if (*command->details != '\0') {
			roff(out, command->details);
			fputs("\n", out);
		}
		manual_options(out, command);
	}
}

static void manual_settings(FILE *out)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		const struct pl_setting_info *info = pl_setting_info((enum pl_setting)i);
		char choices[128];

		fprintf(out, ".It Cm %s\n", info->name);
		roff(out, info->text);
		fputs("\nOne of ", out);
		roff(out, pl_setting_choices((enum pl_setting)i, PL_AT_POLICY, choices,
					     sizeof(choices)));
		fprintf(out, "; built-in default %s.\n", pl_value_name(info->builtin));
	}
}

static void manual_policy(FILE *out)
{
	const struct pl_option_info *option;

	for (size_t i = 0; (option = pl_policy_option(i)) != NULL; i++) {
		fprintf(out, ".It Cm %s\n", option->name);
		roff(out, option->text);
		fprintf(out, "\nType: %s.\nDefault: ", option->type);
		roff(out, *option->fallback != '\0' ? option->fallback : "empty");
		fputs(option->is_class    ? "\nAlso in domain and class sections.\n"
		      : option->is_domain ? "\nAlso in domain sections.\n"
					  : "\n",
		      out);
	}
}

static void manual_brand(FILE *out)
{
	const struct pl_brand_info *setting;

	for (size_t i = 0; (setting = pl_brand_setting(i)) != NULL; i++) {
		fprintf(out, ".It Cm %s\n", setting->name);
		roff(out, setting->text);
		fputs("\nDefault: ", out);
		roff(out, *setting->fallback != '\0' ? setting->fallback : "empty");
		fputs("\n", out);
	}
}

static void manual_rules(FILE *out)
{
	for (unsigned int i = 0; i < PL_RULE_COUNT; i++) {
		const struct pl_verdict verdict = { .rule = (enum pl_rule)i,
						    .service = PL_SETTING_IMAP };
		char sentence[256];

		fprintf(out, ".It Cm %s\n", pl_rule_name(verdict.rule));
		roff(out, pl_verdict_sentence(&verdict, sentence, sizeof(sentence)));
		fputs("\n", out);
	}
}

/* Lines for bash completion: "noun verb --option ...". */
static void words(FILE *out)
{
	const struct ctl_command *command;

	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++) {
		fprintf(out, "%s %s", command->noun, *command->verb ? command->verb : "-");
		for (unsigned int o = 0; o < CTL_OPTION_COUNT; o++) {
			if (command->takes[o] != TAKES_NOT)
				fprintf(out, " --%s", ctl_option((enum ctl_option)o)->name);
		}
		fputs(" --json --help\n", out);
	}
}

static void service_words(FILE *out)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		const struct pl_setting_info *info = pl_setting_info((enum pl_setting)i);

		if (info->kind == PL_KIND_SWITCH)
			fprintf(out, " %s", info->name);
	}
}

/* Whether these are the words themselves, and not what stands for them, as DATE|DAYS. */
static int are_words(const char *argument)
{
	return argument != NULL && strchr(argument, '|') != NULL &&
	       strpbrk(argument, "abcdefghijklmnopqrstuvwxyz0123456789") != NULL;
}

/* Lines for bash completion: "--option value value ...", of options that take certain words. */
static void option_words(FILE *out)
{
	for (unsigned int o = 0; o < CTL_OPTION_COUNT; o++) {
		const struct ctl_option_info *option = ctl_option((enum ctl_option)o);

		if (o != CTL_OPTION_SERVICE && !are_words(option->argument))
			continue;
		fprintf(out, "--%s", option->name);
		if (o == CTL_OPTION_SERVICE)
			service_words(out);
		else
			fputc(' ', out);
		for (const char *c = option->argument; o != CTL_OPTION_SERVICE && *c != '\0'; c++)
			fputc(*c == '|' ? ' ' : *c, out);
		fputc('\n', out);
	}
}

static void setting_words(FILE *out)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		for (unsigned int v = 0; v < PL_VALUE_COUNT; v++) {
			if (v != PL_LISTED &&
			    pl_setting_accepts((enum pl_setting)i, PL_AT_MEMBER, (enum pl_value)v))
				fprintf(out, "%s=%s\n", pl_setting_info((enum pl_setting)i)->name,
					pl_value_name((enum pl_value)v));
		}
	}
	fputs("active=on\nactive=off\n", out);
}

int ctl_manual(FILE *out, const char *section)
{
	static const struct {
		const char *name;
		void (*print)(FILE *out);
	} sections[] = {
		{ "commands", manual_commands },    { "settings", manual_settings },
		{ "policy", manual_policy },        { "brand", manual_brand },
		{ "rules", manual_rules },          { "words", words },
		{ "setting-words", setting_words }, { "option-words", option_words },
	};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (strcmp(sections[i].name, section) == 0) {
			sections[i].print(out);
			return 0;
		}
	}
	return -1;
}
