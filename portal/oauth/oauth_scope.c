/* oauth_scope.c - the scopes of oauth.h. */
#include <stdio.h>
#include <string.h>

#include "portal/oauth/oauth.h"

/* "mail" opens IMAP, POP3, SMTP and ManageSieve (policy/login/statements.def), and so does its name
 * of draft-ietf-mailmaint-oauth-public. Who asks for nothing asks for it. */
static const struct {
	const char *name;
	unsigned bit;
} scopes[] = {
	{ "openid", SCOPE_OPENID },
	{ "email", SCOPE_EMAIL },
	{ "profile", SCOPE_PROFILE },
	{ "mail", SCOPE_MAIL },
	{ "offline_access", SCOPE_OFFLINE },
	{ "urn:ietf:params:oauth:scope:mail", SCOPE_MAIL_STANDARD },
};
#define SCOPES (sizeof(scopes) / sizeof(scopes[0]))

static unsigned bit_of(const char *word, size_t len)
{
	for (size_t i = 0; i < SCOPES; i++) {
		if (strlen(scopes[i].name) == len && strncmp(scopes[i].name, word, len) == 0)
			return scopes[i].bit;
	}
	return 0;
}

/* RFC 6749 A.4: printable ASCII but '"' and '\'. */
static int is_token(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (word[i] <= ' ' || word[i] > '~' || word[i] == '"' || word[i] == '\\')
			return 0;
	}
	return 1;
}

int oauth_scope_read(const char *text, unsigned *scopes_r)
{
	*scopes_r = 0;
	while (text != NULL && *(text += strspn(text, " ")) != '\0') {
		size_t len = strcspn(text, " ");

		if (!is_token(text, len))
			return -1;
		*scopes_r |= bit_of(text, len);
		text += len;
	}
	return 0;
}

char *oauth_scope_format(unsigned wanted, char buf[SCOPE_TEXT])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < SCOPES; i++) {
		if (wanted & scopes[i].bit)
			used += (size_t)snprintf(buf + used, SCOPE_TEXT - used, "%s%s",
						 used > 0 ? " " : "", scopes[i].name);
	}
	return buf;
}

json_t *oauth_scope_list(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < SCOPES; i++)
		json_array_append_new(list, json_string(scopes[i].name));
	return list;
}
