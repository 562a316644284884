/* test_import.c - dumps of databases, PHP's serialized values, and keys of one-time codes. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "ctl/import/php_value.h"
#include "ctl/import/sql_dump.h"
#include "policy/credential/totp_secret.h"

#define MYSQL "-- MySQL dump 10.13\n"
#define SQLITE "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n"
#define POSTGRESQL "--\n-- PostgreSQL database dump\n--\n"

/* ---- dumps ---- */

static int wants(const char *table, void *context)
{
	(void)context;
	return strcmp(table, "t") == 0;
}

/* Writes "(a=1,b=NULL)" for each row. */
static int write_row(const struct sql_row *row, void *context)
{
	FILE *out = context;

	for (size_t i = 0; i < row->count; i++)
		fprintf(out, "%s%s=%s", i == 0 ? "(" : ",", row->columns[i].name,
			row->values[i].text == NULL ? "NULL" : row->values[i].text);
	fputs(")", out);
	return 0;
}

/* What the dump has; the caller frees it. */
static char *rows_of(const char *dump, struct pl_error *err)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct sql_dump_reader reader = {
		.wants = wants, .row = write_row, .context = out, .err = err
	};
	int ret;

	memset(err, 0, sizeof(*err));
	ret = sql_dump_read(dump, strlen(dump), &reader);
	fclose(out);
	assert_int_equal(ret < 0, err->code != PL_OK);
	return text;
}

static void rows_of_every_form(void **state)
{
	static const struct {
		const char *dump, *rows;
	} cases[] = {
		{ MYSQL "CREATE TABLE `t` (`a` int, `b` text);\n"
			"INSERT INTO `t` VALUES (1,'x'),(-2.5e3,NULL);",
		  "(a=1,b=x)(a=-2.5e3,b=NULL)" },
		{ MYSQL "INSERT IGNORE INTO `s`.`t` (`b`) VALUES ('it''s'),('it\\'s'),('a\\\\');",
		  "(b=it's)(b=it's)(b=a\\)" },
		{ MYSQL
		  "INSERT INTO t (a,b,c,d) VALUES (0x4142,X'4344',_binary 'x\\n',_utf8mb4'y');",
		  "(a=AB,b=CD,c=x\n,d=y)" },
		{ MYSQL "REPLACE INTO `t` (`a`) VALUES (true),(FALSE) ;", "(a=1)(a=0)" },
		{ MYSQL "CREATE TABLE IF NOT EXISTS `t` (\n `key` int(11) DEFAULT '1,)',\n b "
			"enum('x','(') "
			"COMMENT 'it''s, \\'b\\'',\n PRIMARY KEY (`key`,`b`),\n KEY `b` (`b`),\n "
			"CONSTRAINT `c` FOREIGN KEY (`b`) REFERENCES `x` (`y`)\n) ENGINE=InnoDB;\n"
			"INSERT INTO `t` VALUES (1,2);",
		  "(key=1,b=2)" },
		{ MYSQL
		  "/*!50003 INSERT INTO t (a) VALUES (1) */;;# x\n-- INSERT INTO t (a) VALUES "
		  "(2);\nINSERT INTO t (a) VALUES (3) /* INSERT */;",
		  "(a=3)" },
		{ MYSQL "DELIMITER ;;\nCREATE TRIGGER x BEGIN INSERT INTO t (a) VALUES (1); END "
			";;\nDELIMITER ;\nINSERT INTO t (a) VALUES (2);",
		  "(a=2)" },
		{ MYSQL "INSERT INTO u VALUES ('it\\'s; INSERT INTO t (a) VALUES (1);');INSERT "
			"INTO t (a) "
			"VALUES (2);",
		  "(a=2)" },
		{ POSTGRESQL "CREATE FUNCTION f() AS $x$ INSERT INTO t (a) VALUES (1); $$ $x$;\n"
			     "INSERT INTO public.t (a) VALUES ('a\\'), (E'b\\n\\''), (NULL);",
		  "(a=a\\)(a=b\n')(a=NULL)" },
		{ POSTGRESQL "\\restrict x'y\nCREATE UNLOGGED TABLE public.\"t\" (a int DEFAULT "
			     "nextval('x,y'::regclass), \"check\" text, CONSTRAINT d CHECK ((a > "
			     "0)));\nINSERT INTO t OVERRIDING SYSTEM VALUE VALUES (1, 'x');",
		  "(a=1,check=x)" },
		{ POSTGRESQL
		  "COPY public.u (a) FROM stdin;\nINSERT INTO t (a) VALUES (1);\n\\.\n"
		  "COPY public.t (a, b) FROM stdin;\n\\N\tx\\ty\\\\\\101\\n\n\\\\N\t\n\\.\n\n",
		  "(a=NULL,b=x\ty\\A\n)(a=\\N,b=)" },
		{ POSTGRESQL "COPY public.t (a) FROM stdin;\n\\.\n", "" },
		{ SQLITE
		  "CREATE TABLE IF NOT EXISTS 't' ([a b] integer PRIMARY KEY, `c` text DEFAULT "
		  "'x,)', \"d\" blob, key text, e, -- it's\n CHECK (`c` <> ']'), UNIQUE (key));\n"
		  "INSERT INTO t VALUES(-1,'it''s\\',X'4142',NULL,1.0e+999);\n"
		  "INSERT INTO \"t\"(key) VALUES('x');\nCOMMIT;\n",
		  "(a b=-1,c=it's\\,d=AB,key=NULL,e=1.0e+999)(key=x)" },
		{ SQLITE
		  "INSERT INTO t(a) VALUES(replace('x\\ny\\n','\\n',char(10)));\n"
		  "INSERT INTO t(a) "
		  "VALUES(replace(replace('\\r\\012''\\n\\','\\r',char(13)),'\\012',"
		  "char(10)));\nINSERT INTO t(a) VALUES(unistr('\\u000a\\\\u\\u007f'));\nCOMMIT;\n",
		  "(a=x\ny\n)(a=\r\n'\\n\\)(a=\n\\u\x7f)" },
		{ SQLITE
		  "CREATE TABLE \"u[\" (a);\nINSERT INTO \"u[\" VALUES('INSERT INTO t(a) VALUES(1);"
		  "');\nCREATE TRIGGER [x;y] AFTER INSERT ON u BEGIN INSERT INTO t(a) VALUES(1); "
		  "UPDATE "
		  "t SET a=CASE a WHEN 'END;' THEN 1 END; END;\nINSERT INTO t(a) VALUES(2);COMMIT;",
		  "(a=2)" },
		{ MYSQL, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_error err;
		char *rows = rows_of(cases[i].dump, &err);

		if (err.code != PL_OK)
			fail_msg("case %zu: %s", i, err.msg);
		assert_string_equal(rows, cases[i].rows);
		free(rows);
	}
}

static void what_is_not_understood_is_refused(void **state)
{
	static const struct {
		const char *dump, *says;
	} cases[] = {
		{ MYSQL "INSERT INTO t (a) VALUES ('x", "line 2: the dump ends" },
		{ MYSQL "INSERT INTO t (a) VALUES ('x\\", "line 2: the dump ends" },
		{ MYSQL "INSERT INTO t (a) VALUES (1),", "no '('" },
		{ MYSQL "INSERT INTO t (a) VALUES (1)", "not whole" },
		{ MYSQL "INSERT INTO t (a) VALUES (", "is not a constant" },
		{ MYSQL "INSERT INTO t (a) VALUES (NOW());", "is not a constant" },
		{ MYSQL "INSERT INTO t (a) VALUES (1+1);", "no ')'" },
		{ MYSQL "INSERT INTO t (a) VALUES (face);", "is not a constant" },
		{ MYSQL "INSERT INTO t (a) VALUES (X'4');", "is not a constant" },
		{ MYSQL "INSERT INTO t (a,) VALUES (1);", "there is no name" },
		{ MYSQL "INSERT INTO t VALUES (1);", "before their table is created" },
		{ MYSQL "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 1;", "goes on" },
		{ MYSQL "\n\n/* x", "line 4: the dump ends" },
		{ MYSQL "CREATE TABLE t (a int", "the dump ends in the middle" },
		{ MYSQL "DELIMITER \n", "DELIMITER" },
		{ POSTGRESQL "COPY t (a) FROM stdin;\n1\n", "not whole" },
		{ POSTGRESQL "COPY t (a) FROM stdin;\n1", "not whole" },
		{ POSTGRESQL "COPY t (a) FROM stdin;\n1\t2\n\\.\n", "more values" },
		{ POSTGRESQL "COPY t (a, b) FROM stdin;\n1\n\\.\n", "a value for each column" },
		{ POSTGRESQL "COPY t (a) FROM '/etc/passwd';\n", "not FROM stdin" },
		{ POSTGRESQL "SELECT $x$ ", "not whole" },
		{ "INSERT INTO t (a) VALUES (1);", "is not a dump" },
		{ "SQLite format 3", "sqlite3 DATABASE .dump" },
		{ SQLITE "CREATE TABLE t (a);", "line 3: the dump ends without a COMMIT" },
		{ SQLITE "ROLLBACK; -- due to errors\n", "could not read the whole database" },
		{ SQLITE "CREATE TRIGGER x BEGIN SELECT 1;", "not whole" },
		{ SQLITE "INSERT INTO t(a) VALUES(replace('x','',char(10)));",
		  "is not a constant" },
		{ SQLITE "INSERT INTO t(a) VALUES(replace('x','y',char(65)));",
		  "is not a constant" },
		{ SQLITE "INSERT INTO t(a) VALUES(replace('x','y'));", "is not a constant" },
		{ SQLITE "INSERT INTO t(a) VALUES(replace(1,'y',char(10)));", "is not a constant" },
		{ SQLITE "INSERT INTO t(a) VALUES(unistr('\\u1234'));", "is not a constant" },
		{ SQLITE "INSERT INTO t(a) VALUES(unistr('\\u00'));", "is not a constant" },
		{ MYSQL "INSERT INTO t(a) VALUES (replace('x','y',char(10)));",
		  "is not a constant" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_error err;
		char *rows = rows_of(cases[i].dump, &err);

		if (err.code != PL_ERR_INVALID || strstr(err.msg, cases[i].says) == NULL)
			fail_msg("case %zu: %s", i, err.msg);
		free(rows);
	}
}

/* ---- PHP ---- */

static void php_values(void **state)
{
	static const char text[] =
		"a:4:{s:1:\"s\";s:4:\"a\";b\";i:7;b:1;s:1:\"n\";N;s:1:\"a\";a:1:{i:0;"
		"d:-1.5E+3;}}";
	struct php_value array, value;

	(void)state;
	assert_int_equal(php_value_parse(text, strlen(text), &array), 0);
	assert_int_equal(php_value_get(&array, "s", &value), 1);
	assert_int_equal(value.type, PHP_STRING);
	assert_int_equal(value.len, 4);
	assert_memory_equal(value.text, "a\";b", 4);
	assert_int_equal(php_value_get(&array, "n", &value), 1);
	assert_false(php_value_is_true(&value));
	assert_int_equal(php_value_get(&array, "a", &value), 1);
	assert_int_equal(value.count, 1);
	assert_true(php_value_is_true(&value));
	assert_int_equal(php_value_get(&array, "7", &value), 0);
	assert_int_equal(php_value_get(&value, "x", &value), 0);
}

static void what_php_does_not_write_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"s:3:\"ab\";",
		"s:2:\"abc\";",
		"i:;",
		"i:1",
		"b:2;",
		"N;N;",
		"a:2:{i:0;N;}",
		"a:1:{N;N;}",
		"a:1:{i:0}",
		"O:1:\"x\":0:{}",
		"R:1;",
		"s:-1:\"",
		"s:9999999999:\"x\";",
		"a:1:{a:0:{}N;}",
		"x",
		"s:1:\"x\"",
		"d:x;",
	};
	struct php_value value;
	char deep[256] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (php_value_parse(texts[i], strlen(texts[i]), &value) == 0)
			fail_msg("%s was read", texts[i]);
	}
	for (int depth = 1; depth <= PHP_VALUE_DEPTH + 1; depth++) {
		size_t len = 0;

		for (int i = 0; i < depth; i++)
			len += (size_t)snprintf(deep + len, sizeof(deep) - len, "a:1:{i:0;");
		len += (size_t)snprintf(deep + len, sizeof(deep) - len, "N;");
		for (int i = 0; i < depth; i++)
			deep[len++] = '}';
		assert_int_equal(php_value_parse(deep, len, &value) == 0, depth <= PHP_VALUE_DEPTH);
	}
}

/* ---- keys ---- */

static void keys_of_one_time_codes(void **state)
{
	static const struct {
		const char *text, *parsed; /* NULL: refused */
	} cases[] = {
		{ "JBSWY3DPEHPK3PXP", "JBSWY3DPEHPK3PXP" },
		{ "jbsw y3dp-ehpk 3pxp", "JBSWY3DPEHPK3PXP" },
		{ "GEZDGNBVGY3TQOJQGEZDGNA=", "GEZDGNBVGY3TQOJQGEZDGNA" },
		{ "JBSWY3DPEHPK3PX", NULL },  /* 72 bits */
		{ "JBSWY3DPEHPK3PX0", NULL }, /* 0 is no letter of base32 */
		{ "JBSW=Y3DPEHPK3PXP", NULL },
		{ "", NULL },
	};
	struct pl_secret secret;
	struct pl_error err;
	char much[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int ret = pl_totp_secret_parse(cases[i].text, strlen(cases[i].text), &secret, &err);

		assert_int_equal(ret, cases[i].parsed == NULL ? -1 : 0);
		assert_string_equal((const char *)secret.data,
				    cases[i].parsed == NULL ? "" : cases[i].parsed);
	}
	memset(much, 'A', sizeof(much));
	assert_int_equal(pl_totp_secret_parse(much, 103, &secret, &err), 0);
	assert_int_equal(pl_totp_secret_parse(much, 112, &secret, &err), -1);
	assert_non_null(strstr(err.msg, "more than 512 bits"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_every_form),
		cmocka_unit_test(what_is_not_understood_is_refused),
		cmocka_unit_test(php_values),
		cmocka_unit_test(what_php_does_not_write_is_refused),
		cmocka_unit_test(keys_of_one_time_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
