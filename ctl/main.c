/* main.c - finds the command, opens what it needs, and reports its error once. */
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/command.h"
#include "config.h"

#define OPTION_BASE 1000 /* getopt's numbers for options.def */

static int usage_of(const struct ctl_command *command, const char *what, const char *word)
{
	fprintf(stderr, "postlatch: %s", what);
	ctl_put(stderr, word);
	fputs("; see `postlatch ", stderr);
	if (command != NULL)
		fprintf(stderr, "%s%s%s ", command->noun, *command->verb != '\0' ? " " : "",
			command->verb);
	fputs("--help`\n", stderr);
	return CTL_USAGE;
}

static int usage(const char *what, const char *word)
{
	return usage_of(NULL, what, word);
}

static int exit_status(const struct ctl *ctl, const struct pl_error *err)
{
	/* explain promises 2 for all that could not be decided. */
	if (ctl->command->run == cmd_explain)
		return 2;
	switch (err->code) {
	case PL_OK:
	case PL_ERR_DATA:
	case PL_ERR_INTERNAL:
		return CTL_INTERNAL;
	case PL_ERR_CONFIG:
		return CTL_CONFIG;
	case PL_ERR_RETRY:
	case PL_ERR_UNKNOWN:
		return CTL_TRY_AGAIN;
	case PL_ERR_INVALID:
		return CTL_BAD_DATA;
	case PL_ERR_CONFLICT:
		return CTL_REFUSED;
	}
	return CTL_INTERNAL;
}

/* Both come from outside, and audit --json can write only what is UTF-8. */
static void keep_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text >= 0x7f)
			*text = '?';
	}
}

/* Who is at work, for the audit record. */
static void find_actor(struct ctl *ctl)
{
	const char *sudo = getenv("SUDO_USER"), *ssh = getenv("SSH_CONNECTION");
	const struct passwd *pw = getpwuid(getuid());
	const char *tty = ttyname(STDIN_FILENO);

	snprintf(ctl->who, sizeof(ctl->who), "%s",
		 sudo != NULL && getuid() == 0 ? sudo
		 : pw != NULL                  ? pw->pw_name
					       : "unknown");
	if (ssh != NULL)
		snprintf(ctl->from, sizeof(ctl->from), "%.*s", (int)strcspn(ssh, " "), ssh);
	else
		snprintf(ctl->from, sizeof(ctl->from), "%s", tty != NULL ? tty : "local");
	keep_printable(ctl->who);
	keep_printable(ctl->from);
	ctl->work.actor = (struct pl_actor){ .who = ctl->who, .from = ctl->from };
}

static int open_needs(struct ctl *ctl, struct pl_error *err)
{
	unsigned int needs = ctl->command->needs;

	if ((needs & NEED_POLICY) != 0 && pl_policy_load(ctl->policy_path, &ctl->policy, err) < 0)
		return -1;
	if ((needs & NEED_STORE) == NEED_STORE &&
	    pl_store_open(ctl->policy->database, PL_ROLE_COMMAND, &ctl->work.store, err) < 0)
		return -1;
	/* Without it messages to members are not sealed; `postlatch check` says what is wrong. */
	if ((needs & NEED_STORE) == NEED_STORE &&
	    pl_keys_load(ctl->policy->outbox_key, &ctl->outbox, NULL) == 0)
		ctl->work.outbox = ctl->outbox;
	if ((needs & NEED_KEYS) == NEED_KEYS &&
	    pl_keys_load(ctl->policy->verify_key, &ctl->keys, err) < 0)
		return -1;
	if ((needs & NEED_SEAL) == NEED_SEAL &&
	    pl_keys_load(ctl->policy->seal_key, &ctl->seal, err) < 0)
		return -1;
	return 0;
}

static int run(struct ctl *ctl)
{
	struct pl_error err = { 0 };
	int ret;

	find_actor(ctl);
	ctl->work.now = time(NULL);
	ctl->work.err = &err;
	ret = open_needs(ctl, &err);
	if (ctl->work.store != NULL)
		ctl->work.now = pl_store_now(ctl->work.store);
	if (ret == 0)
		ret = ctl->command->run(ctl, &err);
	if (ret < 0) {
		fflush(stdout);
		fputs("postlatch: ", stderr);
		ctl_put(stderr, err.msg);
		fputc('\n', stderr);
		ret = exit_status(ctl, &err);
	}
	pl_store_close(&ctl->work.store);
	pl_keys_free(&ctl->keys);
	pl_keys_free(&ctl->seal);
	pl_keys_free(&ctl->outbox);
	pl_policy_unref(&ctl->policy);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("postlatch: the answer could not be written\n", stderr);
		ret = CTL_TRY_AGAIN;
	}
	return ret;
}

static const struct ctl_command *find_command(const char *noun, const char *verb)
{
	const struct ctl_command *command;

	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++) {
		if (strcmp(command->noun, noun) == 0 &&
		    (*command->verb == '\0' || (verb != NULL && strcmp(command->verb, verb) == 0)))
			return command;
	}
	return NULL;
}

static int is_noun(const char *word)
{
	const struct ctl_command *command;

	for (size_t i = 0; (command = ctl_command(i)) != NULL; i++) {
		if (strcmp(command->noun, word) == 0)
			return 1;
	}
	return 0;
}

/* The options that hold for every command, then those of options.def. */
static void fill_options(struct option *options)
{
	static const struct option common[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ "config", required_argument, NULL, 'c' },
	};
	size_t count = sizeof(common) / sizeof(common[0]);

	memcpy(options, common, sizeof(common));
	for (unsigned int i = 0; i < CTL_OPTION_COUNT; i++) {
		const struct ctl_option_info *info = ctl_option((enum ctl_option)i);

		options[count++] = (struct option){
			info->name,
			info->argument != NULL ? required_argument : no_argument,
			NULL,
			OPTION_BASE + (int)i,
		};
	}
	options[count] = (struct option){ 0 };
}

struct request {
	int help, version;
	const char *manual;
};

/* What getopt_long does not understand: the option that it has just passed. */
static int wrong_option(int opt, const char *word, int letter)
{
	char name[64], message[160];
	const char *near;

	if (strncmp(word, "--", 2) != 0) {
		snprintf(message, sizeof(message), "there is no option -%c", letter);
		return usage(message, "");
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	if (opt == ':')
		return usage("a value must follow the option --", name);
	near = ctl_suggest_option(name);
	if (near == NULL || strcmp(near, name) == 0)
		return usage("this cannot be an option: ", word);
	snprintf(message, sizeof(message), "there is no option --%s (did you mean --%s?)", name,
		 near);
	return usage(message, "");
}

/* Reads all options; what is left in argv are the words. 0, or an exit status after a message
 * about what is wrong. */
static int read_options(int argc, char **argv, struct ctl *ctl, struct request *request)
{
	struct option options[4 + CTL_OPTION_COUNT + 1];
	int opt;

	fill_options(options);
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":c:x:hj", options, NULL)) != -1) {
		if (opt >= OPTION_BASE) {
			ctl->option[opt - OPTION_BASE] = optarg != NULL ? optarg : "";
		} else if (opt == 'c') {
			ctl->policy_path = optarg;
		} else if (opt == 'x') {
			request->manual = optarg;
		} else if (opt == 'j') {
			ctl->json = 1;
		} else if (opt == 'h') {
			request->help = 1;
		} else if (opt == 'V') {
			request->version = 1;
		} else {
			return wrong_option(opt, argv[optind - 1], optopt);
		}
	}
	return 0;
}

/* Checks the call against the command's row. */
static int check_call(const struct ctl *ctl)
{
	const struct ctl_command *command = ctl->command;

	for (unsigned int i = 0; i < CTL_OPTION_COUNT; i++) {
		const struct ctl_option_info *info = ctl_option((enum ctl_option)i);

		if (ctl->option[i] == NULL)
			continue;
		if (command->takes[i] == TAKES_NOT)
			return usage_of(command, "this command has no option --", info->name);
		/* An empty shell variable must not widen what the command reaches. */
		if (info->argument != NULL && *ctl->option[i] == '\0')
			return usage_of(command, "no value is given for the option --", info->name);
	}
	if (ctl->arg_count < command->min_args)
		return usage_of(command, "an argument is missing: ", command->arguments);
	if (command->max_args >= 0 && ctl->arg_count > command->max_args)
		return usage_of(command, "one argument too many: ", ctl->args[command->max_args]);
	for (unsigned int i = 0; i < CTL_OPTION_COUNT; i++) {
		if (command->takes[i] == TAKES_ALWAYS && ctl->option[i] == NULL)
			return usage_of(command, "an option is missing: --",
					ctl_option((enum ctl_option)i)->name);
	}
	/* One of the member's things, or all of them. */
	if (command->takes[CTL_OPTION_ALL] != TAKES_NOT &&
	    (ctl->option[CTL_OPTION_ALL] != NULL) == (ctl->arg_count == command->max_args))
		return usage_of(command, "give an ID, or --all for all of them", "");
	return 0;
}

/* Says that there is no such command, and which one is near. */
static int no_command(int words, char **word)
{
	const char *noun = is_noun(word[0]) ? word[0] : NULL;
	const char *wrong = noun != NULL && words > 1 ? word[1] : word[0];
	const char *near = ctl_suggest(noun, wrong);
	char name[256], prefix[64] = "";

	if (noun != NULL)
		snprintf(prefix, sizeof(prefix), "%s ", noun);
	if (near != NULL)
		snprintf(name, sizeof(name), "%s%.64s (did you mean `postlatch %s%s`?)", prefix,
			 wrong, prefix, near);
	else
		snprintf(name, sizeof(name), "%s%.64s", prefix, wrong);
	return usage("there is no command ", name);
}

static int dispatch(struct ctl *ctl, const struct request *request, int words, char **word)
{
	if (words == 0) {
		ctl_help(request->help ? stdout : stderr);
		return request->help ? CTL_DONE : CTL_USAGE;
	}
	ctl->command = find_command(word[0], words > 1 ? word[1] : NULL);
	if (ctl->command == NULL && words == 1 && is_noun(word[0])) {
		ctl_help_noun(request->help ? stdout : stderr, word[0]);
		return request->help ? CTL_DONE : CTL_USAGE;
	}
	if (ctl->command == NULL)
		return no_command(words, word);
	if (request->help) {
		ctl_help_command(stdout, ctl->command);
		return CTL_DONE;
	}
	ctl->args = word + (*ctl->command->verb != '\0' ? 2 : 1);
	ctl->arg_count = words - (int)(ctl->args - word);
	int status = check_call(ctl);

	return status != 0 ? status : run(ctl);
}

int main(int argc, char **argv)
{
	struct ctl ctl = { .policy_path = PL_POLICY_DEFAULT_PATH };
	struct request request = { 0 };

	int status = read_options(argc, argv, &ctl, &request);

	if (status != 0)
		return status;
	if (request.version) {
		puts(PACKAGE_STRING);
		return CTL_DONE;
	}
	if (request.manual != NULL)
		return ctl_manual(stdout, request.manual) == 0
			       ? CTL_DONE
			       : usage("-x prints commands, settings, policy or rules, not ",
				       request.manual);
	/* `postlatch help member set` is `postlatch member set --help`. */
	if (optind < argc && strcmp(argv[optind], "help") == 0) {
		request.help = 1;
		optind++;
	}
	return dispatch(&ctl, &request, argc - optind, argv + optind);
}
