/* import.h - `postlatch import`: domains, members, second factors and forwards from another
 * program.
 *
 * A source (sources.def) reads a file of another program and says what it has: domains, members,
 * and what cannot come over, with the reason. plan.c keeps that, write.c does it in one
 * transaction, which is taken back without --write, and show.c prints what was, or would be, done.
 * The command's table in ctl/ calls cmd_import.c, and nobody else includes this header.
 *
 * Nothing that Postlatch has already is overwritten, so a second run changes nothing. Passwords are
 * not read: they are the operator's passdb's.
 */
#ifndef POSTLATCH_IMPORT_H
#define POSTLATCH_IMPORT_H

#include "ctl/command.h"
#include "ctl/import/sql_dump.h"

/* What writing has done, or would do. */
enum import_result { IMPORT_KEPT, IMPORT_ADDED, IMPORT_LEFT };

struct import_domain {
	char name[PL_DOMAIN_MAX + 1];
	char alias_of[PL_DOMAIN_MAX + 1]; /* "" for none */
	int active;
	int is_relay; /* added only if somebody has a mailbox in it */
	int has_members;
	int is_left; /* out, after all */
	enum import_result result;
};

struct import_member {
	struct pl_address address;
	struct pl_change change;
	struct pl_secret *secret; /* of a second factor, in base32; NULL: none came over */
	char *forward;            /* a list of addresses, as it stood there; NULL: none */
	int is_left;
	enum import_result result, factor, forward_result;
};

/* Things of one kind that are left out for one reason. */
struct import_left {
	const char *kind; /* "app passwords" */
	char reason[512];
	json_int_t count;
	json_t *names; /* array of strings: those that have one */
};

struct import_plan {
	const struct ctl *ctl;
	const char *prefix;       /* of the names of tables, "" for none */
	struct pl_secret des_key; /* of Roundcube; empty: not given */
	const char *cipher;
	struct import_domain *domains;
	size_t domain_count, domain_room;
	struct import_member *members;
	size_t member_count, member_room;
	struct import_left *left;
	size_t left_count, left_room;
	json_t *domain_index, *member_index; /* name: place in the array */
	struct pl_error *err;
};

/* ---- plan.c: what sources say. 0, or -1 and the plan's error, which is a fault of the file or of
 * the machine; what is wrong with one domain or member is left out, with the reason. ---- */

int import_plan_begin(struct import_plan *plan, const struct ctl *ctl, struct pl_error *err);
void import_plan_free(struct import_plan *plan);
/* domain_r is set to NULL when it is left out, and is valid until the next domain. A domain that is
 * there already is the same one. */
int import_add_domain(struct import_plan *plan, const char *name, int active,
		      struct import_domain **domain_r);
/* Makes the one an alias of the other; adds the first when it is not there. */
int import_add_alias_domain(struct import_plan *plan, const char *name, const char *target,
			    int active);
/* The same for a mailbox, but one that the plan has already is left out. */
int import_add_member(struct import_plan *plan, const char *address,
		      struct import_member **member_r);
/* Finds or adds the member of a name, which gets the default_domain if it has none. */
int import_get_member(struct import_plan *plan, const char *name, struct import_member **member_r);
/* The member of that address, however it is written; NULL when the plan has none. */
struct import_member *import_find_member(const struct import_plan *plan, const char *address);
/* A setting, written "pop3=off". It must be one. */
int import_set(struct import_plan *plan, struct import_member *member, const char *word);
/* Gives the member a second factor: its key in base32. What is no such key is left out. */
int import_set_factor(struct import_plan *plan, struct import_member *member, const char *secret,
		      size_t len);
/* Counts what cannot come over. name: whose it is; NULL for no name. */
int import_leave(struct import_plan *plan, const char *kind, const char *reason, const char *name);
/* Whether a text is the member's own address, and nothing else. */
int import_is_own(const struct import_member *member, const char *text);
/* A row of a table of aliases: the forward of a member, or an alias or a catch-all, which are left
 * out. */
int import_add_alias(struct import_plan *plan, const char *address, const char *go_to,
		     int is_active);

/* ---- tables.c: sources that are dumps of databases ---- */

struct import_table {
	const char *name;
	int pass;               /* the dump is read twice; those of pass 2 know all of pass 1 */
	int is_needed;          /* a dump without it is no dump of that program */
	const char *columns[4]; /* that it must have; NULL past the last */
	/* What a row says. NULL: it is left out, as the fields below say. */
	int (*row)(struct import_plan *plan, const struct sql_row *row);
	const char *kind, *reason, *name_column;
	/* The source of the program that has such a table, which this one has not. NULL: this one
	 * has it. */
	const char *other;
};

/* A row for a table that only another program has. */
#define IMPORT_OTHER_TABLE(table, source)          \
	{                                          \
		.name = (table), .other = (source) \
	}
/* A row for a table whose rows are left out. */
#define IMPORT_LEFT_TABLE(table, column, what, why)                                  \
	{                                                                            \
		.name = (table), .pass = 2, .columns = { (column) }, .kind = (what), \
		.reason = (why), .name_column = (column)                             \
	}
/* Those that mailcow and Postfix Admin have alike. */
#define IMPORT_ALIAS_DOMAIN_TABLE(needed)                                 \
	{                                                                 \
		.name = "alias_domain", .pass = 2, .is_needed = (needed), \
		.columns = { "alias_domain", "target_domain", "active" }, \
		.row = import_alias_domain_row                            \
	}
#define IMPORT_ALIAS_TABLE                                                          \
	{                                                                           \
		.name = "alias", .pass = 2, .is_needed = 1,                         \
		.columns = { "address", "goto", "active" }, .row = import_alias_row \
	}
int import_alias_domain_row(struct import_plan *plan, const struct sql_row *row);
int import_alias_row(struct import_plan *plan, const struct sql_row *row);
/* Counts the account password of a mailbox as left out, if it has one. */
int import_leave_password(struct import_plan *plan, const struct sql_row *row);

/* Reads a dump with these tables, which end with one without a name. what names the program. */
int import_tables(struct import_plan *plan, const char *what, const struct import_table *tables,
		  const char *text, size_t len);
/* A column that the table has; NULL is "". */
const char *import_text(const struct sql_row *row, const char *column);
/* Whether a column is neither false nor missing, as MySQL and PostgreSQL write that. */
int import_is_true(const struct sql_row *row, const char *column);

/* ---- sources.def ---- */

struct import_source {
	const char *name;
	/* Reads the file into the plan. 0, or -1 and the plan's error. */
	int (*read)(struct import_plan *plan, const char *text, size_t len);
};

#define IMPORT_SOURCE(name, read) int read(struct import_plan *plan, const char *text, size_t len);
#include "ctl/import/sources.def"
#undef IMPORT_SOURCE

/* ---- write.c ---- */

/* Does it in the caller's write transaction, and records what was done. 0, or -1. */
int import_write(struct ctl *ctl, struct import_plan *plan);

/* ---- write_forwards.c: the same for forwards, when their members are there ---- */

int import_write_forwards(struct ctl *ctl, struct import_plan *plan);

/* ---- show.c ---- */

int import_show(const struct import_plan *plan, const char *source, int is_written);

#endif
