/* postfix.c - see postfix.h. */
#include "ctl/postfix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"

/* What `postconf FLAGS` prints; NULL for no flags. */
static char *postconf(const char *dir, const char *flags)
{
	const char *argv[5] = { "postconf" };
	size_t count = 1;

	if (dir != NULL) {
		argv[count++] = "-c";
		argv[count++] = dir;
	}
	argv[count] = flags;
	return ctl_run(argv);
}

int postfix_open(struct postfix *postfix, const char *dir, enum postfix_form form)
{
	const int is_raw = form == POSTFIX_RAW;

	*postfix = (struct postfix){
		.dir = dir,
		.main_cf = postconf(dir, is_raw ? NULL : "-x"),
		.entries = postconf(dir, "-M"),
		.options = postconf(dir, is_raw ? "-P" : "-Px"),
	};
	if (postfix->main_cf != NULL && postfix->entries != NULL && postfix->options != NULL)
		return 0;
	postfix_close(postfix);
	return -1;
}

void postfix_close(struct postfix *postfix)
{
	free(postfix->main_cf);
	free(postfix->entries);
	free(postfix->options);
	memset(postfix, 0, sizeof(*postfix));
}

/* The value of the line "name = value". */
static int find_line(const char *text, const char *name, char *value)
{
	size_t len = strlen(name);

	value[0] = '\0';
	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');

		if (strncmp(line, name, len) == 0 && strncmp(line + len, " =", 2) == 0) {
			const char *start = line + len + 2 + (line[len + 2] == ' ');

			snprintf(value, POSTFIX_VALUE_MAX, "%.*s", (int)strcspn(start, "\n"),
				 start);
			return 1;
		}
		line = next == NULL ? NULL : next + 1;
	}
	return 0;
}

const char *postfix_service(const struct postfix *postfix, const char *at,
			    struct postfix_service *service_r)
{
	char chrooted[8];

	for (at = at == NULL ? postfix->entries : at; *at != '\0';) {
		const char *line = at;

		at += strcspn(at, "\n");
		at += *at == '\n';
		/* Those with a blank in front continue an entry. */
		if (sscanf(line, "%127s %15s %*s %*s %7s %*s %*s %63s", service_r->name,
			   service_r->type, chrooted, service_r->command) == 4 &&
		    *line != ' ') {
			service_r->is_chrooted = strcmp(chrooted, "y") == 0;
			return at;
		}
	}
	return NULL;
}

int postfix_find(const struct postfix *postfix, const char *name, const char *type,
		 struct postfix_service *service_r)
{
	const char *at = NULL;

	while ((at = postfix_service(postfix, at, service_r)) != NULL) {
		if (strcmp(service_r->name, name) == 0 && strcmp(service_r->type, type) == 0)
			return 1;
	}
	return 0;
}

void postfix_value(const struct postfix *postfix, const char *name, char value[POSTFIX_VALUE_MAX])
{
	(void)find_line(postfix->main_cf, name, value);
}

int postfix_option(const struct postfix *postfix, const struct postfix_service *service,
		   const char *name, char value[POSTFIX_VALUE_MAX])
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s/%s/%s", service->name, service->type, name);
	return find_line(postfix->options, whole, value);
}

void postfix_effective(const struct postfix *postfix, const struct postfix_service *service,
		       const char *name, char value[POSTFIX_VALUE_MAX])
{
	if (!postfix_option(postfix, service, name, value))
		postfix_value(postfix, name, value);
}

/* Without smtpd_helo_required: a client that signs in has said EHLO. */
const char *const postfix_restrictions[] = {
	"smtpd_client_restrictions",      "smtpd_helo_restrictions",
	"smtpd_sender_restrictions",      "smtpd_relay_restrictions",
	"smtpd_recipient_restrictions",   "smtpd_data_restrictions",
	"smtpd_end_of_data_restrictions", NULL,
};

int postfix_inherits(const struct postfix *postfix, const struct postfix_service *service,
		     const char *restrictions, const char *permit)
{
	char in_main[POSTFIX_VALUE_MAX], own[POSTFIX_VALUE_MAX];

	postfix_value(postfix, restrictions, in_main);
	return in_main[0] != '\0' && strstr(in_main, permit) == NULL &&
	       !postfix_option(postfix, service, restrictions, own);
}

int postfix_has_auth(const struct postfix *postfix, const struct postfix_service *service)
{
	char value[POSTFIX_VALUE_MAX];

	if (strcmp(service->command, "smtpd") != 0)
		return 0;
	postfix_effective(postfix, service, "smtpd_sasl_auth_enable", value);
	return strcmp(value, "yes") == 0;
}

const char *postfix_word(const char *at, char *word, size_t size)
{
	size_t len = 0;
	int depth = 0;

	at += strspn(at, ", \t");
	for (; at[len] != '\0'; len++) {
		depth += (at[len] == '{') - (at[len] == '}');
		if (depth == 0 && strchr(", \t", at[len]) != NULL)
			break;
	}
	snprintf(word, size, "%.*s", (int)len, at);
	return len == 0 ? NULL : at + len;
}
