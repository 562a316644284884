/* command.h - what every command of `postlatch` gets and may use.
 *
 * This room owns the administrator's command: its table of commands (commands.def) and
 * of options (options.def), from which help, manual page and completion are printed, and
 * one cmd_NOUN.c for each noun. main.c calls the commands: it finds the row, checks
 * arguments and options against it, opens what the row needs, and reports an error once.
 *
 * A command changes nothing by itself: what it changes goes through a function of
 * policy/, which writes the audit record in the same transaction. It never opens the
 * policy file or the store that its row names, never prints text from the database but
 * through ctl_put() and ctl_print_json(), and never exits: it returns a status, or -1
 * and the error. Nothing outside of this room and ctl/check/ includes this header.
 */
#ifndef POSTLATCH_COMMAND_H
#define POSTLATCH_COMMAND_H

#include <jansson.h>
#include <stdio.h>

#include "dovecot/disconnection.h"
#include "policy/admin/administrator.h"
#include "policy/login/login.h"

enum ctl_option {
#define CTL_OPTION(id, name, argument, text) CTL_OPTION_##id,
#include "ctl/options.def"
#undef CTL_OPTION
	CTL_OPTION_COUNT
};

enum ctl_need {
	NEED_NOTHING = 0,
	NEED_POLICY = 1,
	NEED_STORE = 2 | 1,
	NEED_KEYS = 4 | 1,
	NEED_SEAL = 8 | 1
};

/* Exit statuses beside those of a command's own; see sysexits.h. */
enum ctl_exit {
	CTL_DONE = 0,
	CTL_REFUSED = 1, /* by what is stored: no such member */
	CTL_USAGE = 64,
	CTL_BAD_DATA = 65,
	CTL_INTERNAL = 70,
	CTL_TRY_AGAIN = 75,
	CTL_CONFIG = 78,
};

/* What a command does with an option. */
enum ctl_takes { TAKES_NOT, TAKES, TAKES_ALWAYS /* it must be given */ };

struct ctl {
	const char *policy_path;
	int json;
	const struct ctl_command *command;
	const char *option[CTL_OPTION_COUNT]; /* NULL: not given; "" for a flag */
	char **args;
	int arg_count;
	struct pl_policy *policy; /* what the command needs; else NULL */
	struct pl_work work;      /* the store when the command needs it, and who runs it */
	struct pl_keys *keys;     /* the HMAC key */
	struct pl_keys *seal;     /* the seal key */
	struct pl_keys *outbox;   /* the outbox key; NULL: it cannot be read */
	char who[64], from[128];  /* of the actor */
};

struct ctl_command {
	const char *noun, *verb, *arguments;
	int min_args, max_args;                /* max -1: any number */
	unsigned int needs;                    /* enum ctl_need */
	unsigned char takes[CTL_OPTION_COUNT]; /* enum ctl_takes */
	/* Returns an exit status, or -1 and the error. */
	int (*run)(struct ctl *ctl, struct pl_error *err);
	const char *summary, *details;
};

#define CTL_COMMAND(noun, verb, arguments, min, max, needs, options, run, summary, details) \
	int run(struct ctl *ctl, struct pl_error *err);
#include "ctl/commands.def"
#undef CTL_COMMAND

/* The tables, ended by NULL past their last row. (table.c) */
const struct ctl_command *ctl_command(size_t index);
struct ctl_option_info {
	const char *name, *argument, *text;
};
const struct ctl_option_info *ctl_option(enum ctl_option option);

/* Help and manual sections, printed from the tables. (help.c) */
void ctl_help(FILE *out);
void ctl_help_noun(FILE *out, const char *noun);
void ctl_help_command(FILE *out, const struct ctl_command *command);
/* 0, or -1 when there is no such section. */
int ctl_manual(FILE *out, const char *section);

/* The noun nearest to a mistyped word or, of a noun, the verb; NULL when none is
 * near. The same for the name of an option. (suggest.c) */
const char *ctl_suggest(const char *noun, const char *word);
const char *ctl_suggest_option(const char *word);

/* Arguments. (arguments.c) */
/* Where the command has a store, an alias of a domain has become the domain. */
int ctl_address(const struct ctl *ctl, const char *text, struct pl_address *address_r,
		struct pl_error *err);
/* The account of args[0], a member that the database has: PL_ERR_CONFLICT for others. */
int ctl_member(const struct ctl *ctl, struct pl_account *account_r, struct pl_error *err);
/* Reads args[first] and on as name=value. */
int ctl_change(const struct ctl *ctl, int first, enum pl_layer_bit where,
	       struct pl_change *change_r, struct pl_error *err);
/* Says on standard error what of a change has no effect: a class without a section in the policy
 * file, and a service that does nothing yet. */
void ctl_note_change(const struct ctl *ctl, const struct pl_change *change);
/* "2026-01-31": the start of that day, local time. */
int ctl_date(const char *text, int64_t *at_r, struct pl_error *err);
/* "2027-01-31" (good to the end of that day) or "90d", of --expires: when it is over. */
int ctl_expiry(const char *text, int64_t now, int64_t *expires_r, struct pl_error *err);
/* The names of --domains, divided; none without it. */
#define CTL_DOMAINS_MOST 100
struct ctl_domains {
	const char *name[CTL_DOMAINS_MOST + 1]; /* ended by NULL; they point into text */
	char text[4096];
};
int ctl_domains(const struct ctl *ctl, struct ctl_domains *domains_r, struct pl_error *err);
/* The number of --limit; without it *limit_r stays. */
int ctl_limit(const struct ctl *ctl, int *limit_r, struct pl_error *err);
int ctl_channel(const char *text, enum pl_channel *channel_r, struct pl_error *err);
/* Copies text that must fit; what names it in the error. */
int ctl_copy(const char *what, const char *text, char *buf, size_t size, struct pl_error *err);
/* Ends a write transaction: commits, or rolls back when ret is below 0 or
 * --dry-run was given. Returns ret, or -1. */
int ctl_finish_write(struct ctl *ctl, int ret, struct pl_error *err);

/* What members have any number of, each with an ID: "session". */
struct ctl_revocable {
	const char *name;
	/* Revokes the one of that id, or all for 0, in the caller's write transaction, and adds
	 * those that mail connections were opened with to ended. How many, or -1. */
	int64_t (*revoke)(const struct pl_work *work, struct pl_account *account, int64_t id,
			  struct disconnection *ended);
};
/* Runs `NOUN revoke MEMBER ID` or `NOUN revoke MEMBER --all`. (revoke.c) */
int ctl_revoke(struct ctl *ctl, const struct ctl_revocable *kind, struct pl_error *err);
/* Adds the member's sessions, before they end. How many, or -1. (revoke.c) */
int64_t ctl_add_sessions(const struct pl_work *work, const struct pl_account *account,
			 struct disconnection *ended);
/* Has the mail connections of what was revoked closed, after the commit. What fails is said on
 * standard error: the credentials are revoked all the same. (revoke.c) */
void ctl_disconnect(const struct ctl *ctl, const struct disconnection *ended);

/* Makes an empty database, a file for the group that shares it. (cmd_db.c) */
int ctl_make_database(const char *uri, struct pl_error *err);
/* The file of a database; NULL for one that is no file. (cmd_db.c) */
const char *ctl_database_file(const char *uri);
/* Makes the folder of a database's file, if it is not there. (cmd_db.c) */
int ctl_make_database_folder(const char *file, struct pl_error *err);
/* Gives the file to the group that shares the database. (cmd_db.c) */
int ctl_share_database(const char *file, struct pl_error *err);
/* Of pages; see pl_schema_backup(). (cmd_db.c) */
void ctl_page_progress(int left, int of);

/* For pl_audit_list(): prints a record as a line, or adds it to the array that context is.
 * (cmd_audit.c) */
int ctl_audit_text(const struct pl_audit_record *record, void *context);
int ctl_audit_json(const struct pl_audit_record *record, void *context);

/* Reads a whole file, or standard input for "-", of at most so many bytes. The caller frees the
 * text, which ends in a NUL. PL_ERR_INVALID when it cannot be opened or is too large. (input.c) */
int ctl_read_input(const char *path, size_t most, char **text_r, size_t *len_r,
		   struct pl_error *err);
/* What people call it. */
const char *ctl_input_name(const char *path);

/* Width of the column of names, for printf: the longest is two_factor_requirement. */
#define CTL_NAME_WIDTH 24

/* Output. Text from the database goes only through these. (output.c) */
void ctl_put(FILE *out, const char *text); /* control characters become '?' */
void ctl_line(const char *name, const char *value);
char *ctl_time(int64_t at, char *buf, size_t size);     /* "-" for 0 */
int ctl_print_json(json_t *json, struct pl_error *err); /* takes the reference */
json_t *ctl_settings_json(const struct pl_settings *settings);
json_t *ctl_layers_json(const struct pl_layers *layers);
void ctl_print_layers(const struct pl_layers *layers);
/* "pop3=off class=staff": what the settings say; "-" for nothing. */
char *ctl_own_settings(const struct pl_settings *settings, char *buf, size_t size);
/* The member's own choice about the second factor, in words. */
const char *ctl_opted_out(const struct pl_member *member, const struct pl_layers *layers);
/* Prints the lines of a text as errors about the file of that name, and changes the text. */
void ctl_print_faults(const char *name, char *faults);
/* A counter on standard error, when that is a terminal. */
void ctl_progress(const char *what, int64_t done, int64_t of);

/* Refuses an address in a domain that is not known, where others are. */
int ctl_known_domain(const struct ctl *ctl, const struct pl_address *address, struct pl_error *err);
/* Prints whose members are shut out because their domain is not known. 0 or -1. */
int ctl_tell_outsiders(const struct ctl *ctl, struct pl_error *err);

/* Runs a program without a shell and returns what it printed, at most 1 MiB;
 * NULL when it is not installed or failed. The caller frees it. */
char *ctl_run(const char *const *argv);
/* The same for a program that succeeds with every exit status up to this. */
char *ctl_run_up_to(const char *const *argv, int most);

#endif
