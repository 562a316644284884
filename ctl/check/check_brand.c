/* check_brand.c - the folder with the brand of the portal's pages. */
#include <stdio.h>
#include <sys/stat.h>

#include "ctl/check/check.h"
#include "policy/settings/brand.h"

static void check_readable(struct check *check, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && !check_portal_reads(&st))
		check_find(check, CHECK_FAULT,
			   "the user postlatch-portal cannot read %s, so the portal does not "
			   "start; chmod %s it",
			   path, S_ISDIR(st.st_mode) ? "755" : "644");
}

static void check_file(struct check *check, const char *folder, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	check_readable(check, path);
}

void check_brand(struct check *check)
{
	const char *folder = check->policy->brand_dir;
	struct pl_error err = { 0 };
	struct pl_brand *brand;

	if (folder[0] == '\0')
		return;
	if (pl_brand_load(folder, &brand, &err) < 0) {
		check_find(check, CHECK_FAULT, "%s", err.msg);
		return;
	}
	check_readable(check, folder);
	check_file(check, folder, "brand.conf");
	/* The others are images; the style sheet is not in the folder. */
	for (size_t i = 0; i < brand->file_count; i++)
		check_file(check, folder, brand->files[i].name);
	pl_brand_unref(&brand);
}
