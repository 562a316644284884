/* kill_at.c - to be preloaded: the program is killed at one of two places, which $KILL_AT names.
 *
 *   blob  a file has got its name
 *   row   after that, a transaction was committed
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef struct sqlite3_stmt sqlite3_stmt;
const char *sqlite3_sql(sqlite3_stmt *statement);
int sqlite3_step(sqlite3_stmt *statement);

static atomic_int has_blob;

static void at(const char *place)
{
	const char *wanted = getenv("KILL_AT");

	if (wanted != NULL && strcmp(wanted, place) == 0)
		kill(getpid(), SIGKILL);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	int (*real)(int, const char *, int, const char *) = dlsym(RTLD_NEXT, "renameat");
	const int ret = real(from_folder, from, to_folder, to);

	has_blob = 1;
	at("blob");
	return ret;
}

int sqlite3_step(sqlite3_stmt *statement)
{
	int (*real)(sqlite3_stmt *) = dlsym(RTLD_NEXT, "sqlite3_step");
	const char *sql = sqlite3_sql(statement);
	const int ret = real(statement);

	if (has_blob && sql != NULL && strncmp(sql, "COMMIT", 6) == 0)
		at("row");
	return ret;
}
