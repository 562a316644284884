/* console_export.c - see console_export.h. */
#include "portal/console/console_export.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int add_domain(const char *domain, void *context)
{
	fprintf(context, " %s", domain);
	return 0;
}

/* Role, number and domains of the administrator as one text. 0, or -1. */
static int write_rights(const struct request *request, char **rights_r, struct pl_error *err)
{
	const struct pl_administrator *administrator = &request->administrator;
	size_t len;
	FILE *out = open_memstream(rights_r, &len);
	int ret;

	if (out == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	fprintf(out, "%s %lld", pl_admin_role_name(administrator->role),
		(long long)administrator->id);
	ret = pl_administrator_domains(request->work.store, administrator->id, add_domain, out,
				       err);
	if (fclose(out) != 0 && ret == 0)
		ret = pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return ret;
}

int console_export_begin(const struct request *request, struct console_export *export_r,
			 struct pl_error *err)
{
	return write_rights(request, &export_r->rights, err);
}

int console_export_check(const struct request *request, const struct console_export *export,
			 struct pl_error *err)
{
	char *rights = NULL;
	int ret = write_rights(request, &rights, err);

	if (ret == 0 && strcmp(rights, export->rights) != 0)
		ret = pl_error_set(err, PL_ERR_CONFLICT,
				   "the table was cut off: role or domains of %s have changed",
				   request->address);
	free(rights);
	return ret;
}

void console_export_free(struct console_export *export)
{
	free(export->rights);
	export->rights = NULL;
}

int console_export_respond(struct response *response,
			   int (*fill)(struct request *request, void *context, FILE *out,
				       struct pl_error *err),
			   void (*free_context)(void *context), void *context)
{
	const struct response_stream stream = { .fill = fill,
						.free = free_context,
						.context = context };

	return respond_stream(response, "text/csv; charset=utf-8", &stream);
}

void console_export_time(FILE *out, int64_t seconds)
{
	const time_t at = seconds;
	char when[32] = "";
	struct tm tm;

	if (seconds != 0 && gmtime_r(&at, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fputs(when, out);
}
