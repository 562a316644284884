/* brand.c - see brand.h. */
#include "policy/settings/brand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/base/file.h"
#include "policy/settings/brand_conf.h"
#include "policy/settings/brand_style.h"

#define CONF_NAME "brand.conf"
#define CONF_BYTES_MAX (64 * 1024)

static const char svg[] = "image/svg+xml", png[] = "image/png";

/* Those of one stem stand together. */
static const struct image {
	const char *stem, *name, *type;
} images[] = {
	{ "logo", "logo.svg", svg },           { "logo", "logo.png", png },
	{ "logo-dark", "logo-dark.svg", svg }, { "logo-dark", "logo-dark.png", png },
	{ "icon", "icon.svg", svg },           { "icon", "icon.png", png },
};

static const struct pl_brand_info infos[] = {
#define PL_BRAND_TEXT(field, def, check, text) { #field, def, text },
#define PL_BRAND_COLOUR(field, def, text) { #field, def, text },
#include "policy/settings/brand.def"
};

const struct pl_brand_info *pl_brand_setting(size_t index)
{
	return index < sizeof(infos) / sizeof(infos[0]) ? &infos[index] : NULL;
}

struct pl_brand *pl_brand_ref(struct pl_brand *brand)
{
	__atomic_add_fetch(&brand->refcount, 1, __ATOMIC_RELAXED);
	return brand;
}

void pl_brand_unref(struct pl_brand **brand_p)
{
	struct pl_brand *brand = *brand_p;

	*brand_p = NULL;
	if (brand == NULL || __atomic_sub_fetch(&brand->refcount, 1, __ATOMIC_ACQ_REL) > 0)
		return;
#define PL_BRAND_TEXT(field, def, check, text) free(brand->field);
#define PL_BRAND_COLOUR(field, def, text) free(brand->field);
#include "policy/settings/brand.def"
	for (size_t i = 0; i < brand->file_count; i++)
		free(brand->files[i].bytes);
	free(brand);
}

const struct pl_brand_file *pl_brand_file(const struct pl_brand *brand, const char *name)
{
	for (size_t i = 0; i < brand->file_count; i++) {
		if (strcmp(brand->files[i].name, name) == 0)
			return &brand->files[i];
	}
	return NULL;
}

const struct pl_brand_file *pl_brand_image(const struct pl_brand *brand, const char *stem)
{
	const struct pl_brand_file *file = NULL;

	for (size_t i = 0; file == NULL && i < sizeof(images) / sizeof(images[0]); i++) {
		if (strcmp(images[i].stem, stem) == 0)
			file = pl_brand_file(brand, images[i].name);
	}
	return file;
}

static int is_image(const char *type, const char *bytes, size_t len)
{
	static const char signature[] = "\x89PNG\r\n\x1a\n";

	if (type == png)
		return len > sizeof(signature) - 1 &&
		       memcmp(bytes, signature, sizeof(signature) - 1) == 0;
	return memmem(bytes, len, "<svg", 4) != NULL && memchr(bytes, '\0', len) == NULL;
}

/* An image that is not there is none. */
static int read_image(int folder, const struct image *image, struct pl_brand *brand,
		      struct pl_error *err)
{
	struct pl_brand_file *file = &brand->files[brand->file_count];

	if (faccessat(folder, image->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	if (pl_brand_image(brand, image->stem) != NULL)
		return pl_error_set(err, PL_ERR_CONFIG,
				    "%s: there is also %s; take one of the two out", image->name,
				    pl_brand_image(brand, image->stem)->name);
	if (pl_file_read(folder, image->name, PL_BRAND_IMAGE_BYTES_MAX, &file->bytes, &file->len,
			 err) < 0)
		return pl_error_prefix(err, "%s", image->name);
	file->name = image->name;
	file->type = image->type;
	brand->file_count++;
	return is_image(file->type, file->bytes, file->len)
		       ? 0
		       : pl_error_set(err, PL_ERR_CONFIG, "%s: it is not %s picture", image->name,
				      image->type == png ? "a PNG" : "an SVG");
}

static int read_conf(int folder, struct pl_brand *brand, struct pl_error *err)
{
	char *text;
	size_t len;
	int ret;

	if (pl_file_read(folder, CONF_NAME, CONF_BYTES_MAX, &text, &len, err) < 0)
		return pl_error_prefix(err, CONF_NAME);
	ret = strlen(text) == len
		      ? pl_brand_conf_parse(text, CONF_NAME, brand, err)
		      : pl_error_set(err, PL_ERR_CONFIG, CONF_NAME ": it contains a NUL byte");
	free(text);
	return ret;
}

static int add_style(struct pl_brand *brand, struct pl_error *err)
{
	struct pl_brand_file *file = &brand->files[brand->file_count];

	if (pl_brand_style(brand, &file->bytes, err) < 0)
		return pl_error_prefix(err, CONF_NAME);
	file->name = "brand.css";
	file->type = "text/css; charset=utf-8";
	file->len = strlen(file->bytes);
	brand->file_count++;
	return 0;
}

static int name_version(struct pl_brand *brand, struct pl_error *err)
{
	struct pl_fingerprint fingerprint;

	pl_fingerprint_begin(&fingerprint);
	for (size_t i = 0; i < brand->file_count; i++)
		pl_fingerprint_add(&fingerprint, brand->files[i].name, brand->files[i].bytes,
				   brand->files[i].len);
	return pl_fingerprint_end(&fingerprint, brand->version, err);
}

static int read_folder(int folder, struct pl_brand *brand, struct pl_error *err)
{
	if (read_conf(folder, brand, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		if (read_image(folder, &images[i], brand, err) < 0)
			return -1;
	}
	return add_style(brand, err) < 0 ? -1 : name_version(brand, err);
}

static int read_brand(const char *path, struct pl_brand *brand, struct pl_error *err)
{
	int folder, ret;

	if (path[0] == '\0')
		return pl_brand_conf_parse("", CONF_NAME, brand, err);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return pl_error_set(err, PL_ERR_CONFIG, "brand_dir = %s: %s", path,
				    strerror(errno));
	ret = read_folder(folder, brand, err);
	close(folder);
	return ret == 0 ? 0 : pl_error_prefix(err, "brand_dir = %s", path);
}

int pl_brand_load(const char *folder, struct pl_brand **brand_r, struct pl_error *err)
{
	struct pl_brand *brand = calloc(1, sizeof(*brand));

	*brand_r = brand;
	if (brand == NULL)
		return pl_error_set(err, PL_ERR_RETRY, "out of memory");
	brand->refcount = 1;
	if (read_brand(folder, brand, err) == 0)
		return 0;
	pl_brand_unref(brand_r);
	return -1;
}
