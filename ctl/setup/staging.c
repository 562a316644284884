/* staging.c - folders with copies of main.cf and master.cf; see setup.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/setup/setup.h"

const char *const setup_files[2] = { "main.cf", "master.cf" };

static int failed(struct pl_error *err, const char *what, const char *path)
{
	return pl_error_set(err, errno == ENOENT ? PL_ERR_CONFLICT : PL_ERR_RETRY, "%s %s: %s",
			    what, path, strerror(errno));
}

/* Copies a file to a descriptor, and has it written to the disk. */
static int copy_to(const char *from, int to, struct pl_error *err)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t sent = fd < 0 ? -1 : 1;

	while (sent > 0)
		sent = sendfile(to, fd, NULL, 1 << 20);
	if (sent == 0)
		sent = fsync(to);
	if (sent < 0)
		failed(err, "copy", from);
	if (fd >= 0)
		close(fd);
	return sent < 0 ? -1 : 0;
}

int staging_copy_file(const char *from, const char *to, struct pl_error *err)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int ret = fd < 0 ? failed(err, "create", to) : copy_to(from, fd, err);

	if (fd >= 0)
		close(fd);
	return ret;
}

int staging_copy(const char *from, const char *to, struct pl_error *err)
{
	char source[PATH_MAX], target[PATH_MAX];
	int ret = 0;

	if (mkdir(to, 0700) < 0 && errno != EEXIST)
		return failed(err, "create the folder", to);
	for (size_t i = 0; i < 2 && ret == 0; i++) {
		snprintf(source, sizeof(source), "%s/%s", from, setup_files[i]);
		snprintf(target, sizeof(target), "%s/%s", to, setup_files[i]);
		ret = staging_copy_file(source, target, err);
	}
	return ret;
}

int staging_edit(const char *dir, const char *flag, const char *argument, struct pl_error *err)
{
	const char *const argv[] = { "postconf", "-c", dir, flag, argument, NULL };
	char *text = ctl_run(argv);

	if (text == NULL)
		return pl_error_set(err, PL_ERR_CONFLICT,
				    "`postconf %s '%.300s'` fails; run it yourself to see the "
				    "reason",
				    flag, argument);
	free(text);
	return 0;
}

static char *difference(const char *one, const char *other, const char *label)
{
	const char *const argv[] = { "diff", "-u", "--label", label, "--label",
				     label,  "--", one,       other, NULL };

	return ctl_run_up_to(argv, 1);
}

int staging_same(const char *dir, const char *other, const char *file)
{
	char one[PATH_MAX], two[PATH_MAX], *text;
	int same;

	snprintf(one, sizeof(one), "%s/%s", dir, file);
	snprintf(two, sizeof(two), "%s/%s", other, file);
	text = difference(one, two, file);
	same = text != NULL && text[0] == '\0';
	free(text);
	return same;
}

char *staging_difference(const char *dir, const char *other, const char *file, struct pl_error *err)
{
	char one[PATH_MAX], two[PATH_MAX], *text;

	snprintf(one, sizeof(one), "%s/%s", dir, file);
	snprintf(two, sizeof(two), "%s/%s", other, file);
	text = difference(one, two, one);
	if (text == NULL)
		pl_error_set(err, PL_ERR_RETRY, "diff(1) cannot compare %s", one);
	return text;
}

int staging_install(const char *from, const char *to, const char *file, struct pl_error *err)
{
	char source[PATH_MAX], name[PATH_MAX], target[PATH_MAX], partial[PATH_MAX];
	struct stat st;
	int fd, ret;

	snprintf(source, sizeof(source), "%s/%s", from, file);
	snprintf(name, sizeof(name), "%s/%s", to, file);
	/* Where it is a link, the file that it names is replaced. */
	if (realpath(name, target) == NULL || stat(target, &st) < 0)
		return failed(err, "find", name);
	if (snprintf(partial, sizeof(partial), "%s.postlatch", target) >= (int)sizeof(partial))
		return pl_error_set(err, PL_ERR_CONFLICT, "the path of %s is too long", name);
	unlink(partial);
	fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return failed(err, "create", partial);
	ret = copy_to(source, fd, err);
	if (ret == 0 &&
	    (fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 07777) < 0))
		ret = failed(err, "set the owner and mode of", partial);
	close(fd);
	if (ret == 0 && rename(partial, target) < 0)
		ret = failed(err, "replace", target);
	if (ret < 0)
		unlink(partial);
	return ret;
}

void staging_remove(const char *dir)
{
	DIR *list = opendir(dir);
	const struct dirent *entry;
	char path[PATH_MAX];

	while (list != NULL && (entry = readdir(list)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) < (int)sizeof(path) &&
		    unlink(path) < 0 && errno == EISDIR)
			staging_remove(path);
	}
	if (list != NULL)
		closedir(list);
	rmdir(dir);
}
