/* test_backup.c - a copy of a database that others write to. */
#include "tests/unit/fixture.h"

#include <limits.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Four steps of a backup, so that something can happen between two of them. */
#define ROWS 4000
#define ROW_BYTES 4000

static struct fixture *current; /* for the functions that hear of progress */
static sqlite3 *writer;
static int times_heard, left_before;

static void fill(const char *path)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "CREATE TABLE bulk AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
		 "FROM n "
		 "WHERE i < %d) SELECT i, randomblob(%d) AS data FROM n; "
		 "CREATE TABLE one (i); CREATE TABLE two (i); INSERT INTO one VALUES (0); "
		 "INSERT INTO two VALUES (0)",
		 ROWS, ROW_BYTES);
	sql_run(path, sql);
}

static void assert_whole(const char *copy)
{
	char words[64];

	sql_text(copy, "PRAGMA integrity_check", words, sizeof(words));
	assert_string_equal(words, "ok");
	assert_int_equal(sql_int(copy, "SELECT COUNT(*) FROM bulk"), ROWS);
}

/* Writes each time that the backup comes up for air, as a busy server does; and sees that
 * the backup gets on. */
static void write_and_look(int left, int of)
{
	if (left >= left_before)
		fail_msg("%d pages of %d are left after %d were: it begins again", left, of,
			 left_before);
	left_before = left;
	times_heard++;
	assert_int_equal(sqlite3_exec(writer,
				      "BEGIN IMMEDIATE; UPDATE one SET i = i + 1; "
				      "UPDATE bulk SET data = randomblob(4000) WHERE i % 500 = 0; "
				      "UPDATE two SET i = i + 1; COMMIT",
				      NULL, NULL, NULL),
			 SQLITE_OK);
}

static void writers_do_not_make_it_begin_again(void **state)
{
	struct fixture *fixture = *state;
	const char *copy = path_in(fixture, "copy.db");

	only_sqlite(fixture);
	fill(fixture->db);
	assert_int_equal(sqlite3_open(fixture->db, &writer), SQLITE_OK);
	times_heard = 0;
	left_before = INT_MAX;
	assert_ok(fixture, pl_schema_backup(fixture->uri, copy, write_and_look, &fixture->err));
	sqlite3_close(writer);
	assert_true(times_heard >= 3);
	assert_whole(copy);
	/* Of the moment at which it began, in all of its tables. */
	assert_int_equal(sql_int(copy, "SELECT one.i + two.i FROM one, two"), 0);
	assert_int_equal(sql_int(fixture->db, "SELECT one.i FROM one"), times_heard);
}

static void be_killed(int left, int of)
{
	(void)left;
	(void)of;
	_exit(9);
}

static void one_that_is_cut_short_leaves_no_copy(void **state)
{
	struct fixture *fixture = *state;
	const char *copy = path_in(fixture, "copy.db");
	struct stat st;
	int status;
	pid_t pid;

	only_sqlite(fixture);
	fill(fixture->db);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		pl_schema_backup(fixture->uri, copy, be_killed, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 9);
	assert_int_equal(access(copy, F_OK), -1);
	assert_ok(fixture, pl_schema_backup(fixture->uri, copy, NULL, &fixture->err));
	assert_whole(copy);
	assert_int_equal(stat(copy, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(access(path_in(fixture, "copy.db.partial"), F_OK), -1);
}

static void back_up_too(int left, int of)
{
	(void)left;
	(void)of;
	times_heard++;
	assert_refused(current,
		       pl_schema_backup(current->uri, path_in(current, "copy.db"), NULL,
					&current->err),
		       PL_ERR_RETRY, "another program is writing it");
}

static void second_of_two_is_refused_and_the_first_gets_through(void **state)
{
	struct fixture *fixture = current = *state;
	const char *copy = path_in(fixture, "copy.db");

	only_sqlite(fixture);
	fill(fixture->db);
	times_heard = 0;
	assert_ok(fixture, pl_schema_backup(fixture->uri, copy, back_up_too, &fixture->err));
	assert_true(times_heard > 0);
	assert_whole(copy);
}

static void put_a_file_there(int left, int of)
{
	(void)left;
	(void)of;
	write_file(path_in(current, "copy.db"), "precious", 8);
}

static void what_comes_to_its_place_meanwhile_is_left_alone(void **state)
{
	struct fixture *fixture = current = *state;
	const char *copy = path_in(fixture, "copy.db");

	only_sqlite(fixture);
	assert_refused(fixture,
		       pl_schema_backup(fixture->uri, copy, put_a_file_there, &fixture->err),
		       PL_ERR_CONFLICT, "copy.db: it already exists");
	assert_true(file_holds(copy, "precious"));
	assert_int_equal(access(path_in(fixture, "copy.db.partial"), F_OK), -1);
}

/* In a folder of everybody's the name may be taken by somebody else, to get at the copy or
 * at another file. */
static void nothing_is_written_through_a_name_that_was_laid_there(void **state)
{
	struct fixture *fixture = *state;
	const char *copy = path_in(fixture, "copy.db"), *other = path_in(fixture, "other");
	const char *partial = path_in(fixture, "copy.db.partial");

	only_sqlite(fixture);
	write_file(other, "precious", 8);
	assert_int_equal(symlink(other, partial), 0);
	assert_refused(fixture, pl_schema_backup(fixture->uri, copy, NULL, &fixture->err),
		       PL_ERR_RETRY, "copy.db.partial");
	assert_int_equal(unlink(partial), 0);
	assert_int_equal(link(other, partial), 0);
	assert_refused(fixture, pl_schema_backup(fixture->uri, copy, NULL, &fixture->err),
		       PL_ERR_CONFLICT, "copy.db.partial: it is not a file that this user left");
	assert_true(file_holds(other, "precious"));
	assert_int_equal(access(copy, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_DATABASE(writers_do_not_make_it_begin_again),
		TEST_WITH_DATABASE(one_that_is_cut_short_leaves_no_copy),
		TEST_WITH_DATABASE(second_of_two_is_refused_and_the_first_gets_through),
		TEST_WITH_DATABASE(what_comes_to_its_place_meanwhile_is_left_alone),
		TEST_WITH_DATABASE(nothing_is_written_through_a_name_that_was_laid_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
