/* content.c - see content.h. */
#include "milter/mime/content.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "milter/mime/parameters.h"

static const struct {
	const char *name, *sentence;
} reasons[] = {
	[MIME_NO_REASON] = { "", "" },
#define MIME_REASON(id, name, sentence) [MIME_##id] = { name, sentence },
#include "milter/mime/reasons.def"
#undef MIME_REASON
};

const char *mime_reason_name(enum mime_reason reason)
{
	return reasons[reason].name;
}

const char *mime_reason_sentence(enum mime_reason reason)
{
	return reasons[reason].sentence;
}

int mime_is(const struct mime_content *content, const char *type)
{
	const size_t len = strlen(type);

	return strncmp(content->type, type, len) == 0 && content->type[len] == '/';
}

int mime_has_parts(const struct mime_content *content)
{
	return mime_is(content, "multipart");
}

/* 1 to 70 characters that all readers take for the same, and no space at the end. */
static int is_boundary(const char *value)
{
	const size_t len = strlen(value);

	if (len == 0 || len > MIME_BOUNDARY_MAX || value[len - 1] == ' ')
		return 0;
	for (const char *c = value; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\')
			return 0;
	}
	return 1;
}

static enum mime_reason take_boundary(struct mime_content *content,
				      struct mime_parameters *parameters)
{
	int count = 0;

	while (mime_parameters_next(parameters)) {
		/* boundary*0 and boundary* are read by some programs only. */
		if (strncmp(parameters->name, "boundary", strlen("boundary")) != 0)
			continue;
		if (strcmp(parameters->name, "boundary") != 0 || ++count > 1 ||
		    !is_boundary(parameters->value))
			return MIME_BOUNDARY;
		snprintf(content->boundary, sizeof(content->boundary), "%.*s", MIME_BOUNDARY_MAX,
			 parameters->value);
	}
	if (!parameters->is_strict)
		return MIME_FIELD_SYNTAX;
	return count == 1 ? MIME_NO_REASON : MIME_BOUNDARY;
}

/* Whatever type it is, what some reader may take for one with parts must be one for all. */
static int might_have_parts(const char *value)
{
	for (; *value != '\0'; value++) {
		if (strncasecmp(value, "multipart", strlen("multipart")) == 0)
			return 1;
		if (*value == ';')
			return 0;
	}
	return 0;
}

static enum mime_reason reason_of_type(const char *type)
{
	static const struct {
		const char *type;
		enum mime_reason reason;
	} rows[] = {
		{ "multipart/signed", MIME_SIGNED },
		{ "multipart/encrypted", MIME_ENCRYPTED },
		{ "multipart/report", MIME_REPORT },
		{ "application/pkcs7-mime", MIME_ENCRYPTED },
		{ "application/x-pkcs7-mime", MIME_ENCRYPTED },
		{ "application/pkcs7-signature", MIME_SIGNED },
		{ "application/x-pkcs7-signature", MIME_SIGNED },
		{ "application/pgp-encrypted", MIME_ENCRYPTED },
		{ "application/pgp-signature", MIME_SIGNED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(type, rows[i].type) == 0)
			return rows[i].reason;
	}
	return MIME_NO_REASON;
}

static enum mime_reason take_type(struct mime_content *content, const char *value)
{
	struct mime_parameters parameters;
	const char *slash;
	enum mime_reason reason;

	if (content->has_type)
		return MIME_FIELD_TWICE;
	content->has_type = 1;
	mime_parameters_begin(&parameters, value, content->type, sizeof(content->type));
	slash = strchr(content->type, '/');
	if (slash == NULL || slash == content->type || slash[1] == '\0' || strchr(slash + 1, '/'))
		content->type[0] = '\0';
	reason = reason_of_type(content->type);
	if (reason != MIME_NO_REASON)
		return reason;
	if (mime_has_parts(content))
		return take_boundary(content, &parameters);
	return might_have_parts(value) ? MIME_FIELD_SYNTAX : MIME_NO_REASON;
}

static enum mime_reason take_encoding(struct mime_content *content, const char *value)
{
	static const char *const names[] = {
		[MIME_7BIT] = "7bit",     [MIME_8BIT] = "8bit",
		[MIME_BINARY] = "binary", [MIME_QUOTED_PRINTABLE] = "quoted-printable",
		[MIME_BASE64] = "base64",
	};
	struct mime_parameters parameters;
	char word[32];

	if (content->has_encoding)
		return MIME_FIELD_TWICE;
	content->has_encoding = 1;
	content->encoding = MIME_OTHER_ENCODING;
	mime_parameters_begin(&parameters, value, word, sizeof(word));
	if (!parameters.is_strict || *parameters.next != '\0')
		return MIME_NO_REASON;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(word, names[i]) == 0)
			content->encoding = (enum mime_encoding)i;
	}
	return MIME_NO_REASON;
}

/* RFC 2183 section 2.8: a disposition that is not known is an attachment. */
static enum mime_reason take_disposition(struct mime_content *content, const char *value)
{
	struct mime_parameters parameters;
	char word[32];

	if (content->has_disposition)
		return MIME_FIELD_TWICE;
	content->has_disposition = 1;
	mime_parameters_begin(&parameters, value, word, sizeof(word));
	content->disposition = strcmp(word, "inline") == 0 ? MIME_INLINE : MIME_ATTACHMENT;
	return MIME_NO_REASON;
}

/* What does not fit is cut: nothing refers to it then. */
static enum mime_reason take_id(struct mime_content *content, const char *value)
{
	const char *begin = strchr(value, '<');
	size_t len;

	if (content->id[0] != '\0')
		return MIME_FIELD_TWICE;
	begin = begin == NULL ? value + strspn(value, " \t\r\n") : begin + 1;
	len = strcspn(begin, "> \t\r\n");
	if (len >= sizeof(content->id))
		len = sizeof(content->id) - 1;
	memcpy(content->id, begin, len);
	content->id[len] = '\0';
	return MIME_NO_REASON;
}

static enum mime_reason take_dkim(struct mime_content *content, const char *value)
{
	(void)content;
	(void)value;
	return MIME_DKIM;
}

enum mime_reason mime_content_field(struct mime_content *content, const char *name,
				    const char *value)
{
	static const struct {
		const char *name;
		enum mime_reason (*take)(struct mime_content *content, const char *value);
	} fields[] = {
		{ "Content-Type", take_type },
		{ "Content-Transfer-Encoding", take_encoding },
		{ "Content-Disposition", take_disposition },
		{ "Content-ID", take_id },
		{ "DKIM-Signature", take_dkim },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcasecmp(name, fields[i].name) == 0)
			return fields[i].take(content, value);
	}
	return MIME_NO_REASON;
}

enum mime_reason mime_content_finish(const struct mime_content *content)
{
	/* RFC 2045 section 6.4: the encoding of a part with parts changes nothing. */
	if (mime_has_parts(content) && content->encoding > MIME_BINARY)
		return MIME_FIELD_SYNTAX;
	return MIME_NO_REASON;
}
