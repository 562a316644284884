/* sql_dump.c - finds the statements of a dump; see sql_dump.h. */
#include "ctl/import/sql_dump.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/import/sql_statement.h"

int sql_fail(struct sql_dump *dump, const char *sentence)
{
	return sql_text_error(&dump->text, sentence);
}

int sql_need(struct sql_dump *dump, char punctuation)
{
	char sentence[64] = "there is no ' ' where one is needed";
	const int ret = sql_take(&dump->text, punctuation);

	sentence[13] = punctuation;
	return ret == 0 ? sql_fail(dump, sentence) : ret < 0 ? -1 : 0;
}

int sql_take_table(struct sql_dump *dump)
{
	int ret = sql_take_name(&dump->text, &dump->table, NULL);

	if (ret == 0)
		ret = sql_take(&dump->text, '.');
	return ret > 0 ? sql_take_name(&dump->text, &dump->table, NULL) : ret;
}

int sql_is_wanted(const struct sql_dump *dump)
{
	return dump->reader->wants(dump->table.name, dump->reader->context);
}

int sql_pass_words(struct sql_dump *dump, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (sql_take_word(&dump->text, *words) < 0)
			return -1;
	}
	return 0;
}

/* ---- statements ---- */

/* DELIMITER ;; is a command of the program mysql. */
static int read_delimiter(struct sql_dump *dump)
{
	struct sql_text *text = &dump->text;
	size_t len = 0;

	while (text->at + len < text->end && strchr("\r\n", text->at[len]) == NULL)
		len++;
	while (len > 0 && text->at[len - 1] == ' ')
		len--;
	if (len == 0 || len >= sizeof(text->delimiter) || memchr(text->at, '\0', len) != NULL)
		return sql_fail(dump, "a DELIMITER is missing, or too long");
	memset(text->delimiter, 0, sizeof(text->delimiter));
	memcpy(text->delimiter, text->at, len);
	text->at += len;
	return 0;
}

/* sqlite3 ends a dump in this way, and only a whole one. */
static int read_commit(struct sql_dump *dump)
{
	dump->is_committed = 1;
	return sql_skip_statement(&dump->text);
}

static int read_rollback(struct sql_dump *dump)
{
	return sql_fail(dump, "sqlite3 could not read the whole database, and takes the dump back: "
			      "make another one when nothing else uses the database");
}

static int read_statement(struct sql_dump *dump)
{
	static const struct {
		const char *word;
		unsigned int dialects; /* that have it */
		int (*read)(struct sql_dump *dump);
	} statements[] = {
		{ "INSERT", 1u << SQL_MYSQL | 1u << SQL_POSTGRESQL | 1u << SQL_SQLITE,
		  sql_read_insert },
		{ "CREATE", 1u << SQL_MYSQL | 1u << SQL_POSTGRESQL | 1u << SQL_SQLITE,
		  sql_read_create },
		{ "REPLACE", 1u << SQL_MYSQL, sql_read_insert },
		{ "DELIMITER", 1u << SQL_MYSQL, read_delimiter },
		{ "COPY", 1u << SQL_POSTGRESQL, sql_read_copy },
		{ "COMMIT", 1u << SQL_SQLITE, read_commit },
		{ "ROLLBACK", 1u << SQL_SQLITE, read_rollback },
	};

	/* \restrict and \connect are commands of psql. */
	if (dump->text.dialect == SQL_POSTGRESQL && sql_looking_at(&dump->text, "\\")) {
		const char *newline =
			memchr(dump->text.at, '\n', (size_t)(dump->text.end - dump->text.at));

		dump->text.at = newline == NULL ? dump->text.end : newline;
		return 0;
	}
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		int ret = 0;

		if ((statements[i].dialects & 1u << dump->text.dialect) != 0)
			ret = sql_take_word(&dump->text, statements[i].word);
		if (ret != 0)
			return ret < 0 ? -1 : statements[i].read(dump);
	}
	return sql_skip_statement(&dump->text);
}

static int read_dump(struct sql_dump *dump)
{
	int ret = sql_skip_blank(&dump->text);

	while (ret == 0 && dump->text.at < dump->text.end) {
		ret = read_statement(dump);
		if (ret == 0)
			ret = sql_skip_blank(&dump->text);
	}
	if (ret == 0 && dump->text.dialect == SQL_SQLITE && !dump->is_committed)
		return sql_fail(dump, "the dump ends without a COMMIT, so it is not whole");
	return ret;
}

int sql_dump_read(const char *text, size_t len, const struct sql_dump_reader *reader)
{
	struct sql_dump *dump;
	int ret;

	if (len > SQL_DUMP_MAX)
		return pl_error_set(reader->err, PL_ERR_INVALID, "it is larger than %d bytes",
				    SQL_DUMP_MAX);
	dump = calloc(1, sizeof(*dump));
	if (dump == NULL)
		return pl_error_set(reader->err, PL_ERR_RETRY, "out of memory");
	dump->reader = reader;
	ret = sql_text_begin(&dump->text, text, len, reader->err);
	if (ret == 0)
		ret = read_dump(dump);
	if (dump->bytes.data != NULL)
		OPENSSL_cleanse(dump->bytes.data, dump->bytes.room);
	free(dump->bytes.data);
	for (size_t i = 0; i < dump->table_count; i++)
		free(dump->tables[i].columns);
	free(dump);
	return ret < 0 ? -1 : 0;
}
