/* run.c - runs another program and returns what it printed; see command.h. */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/command.h"

#define OUTPUT_MAX (1024 * 1024)

extern char **environ;

static pid_t start(const char *const *argv, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int ret;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	ret = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return ret == 0 ? pid : -1;
}

char *ctl_run_up_to(const char *const *argv, int most)
{
	char *text = malloc(OUTPUT_MAX + 1);
	size_t len = 0;
	int fds[2], status = -1;
	ssize_t got;
	pid_t pid;

	if (text == NULL || pipe2(fds, O_CLOEXEC) < 0) {
		free(text);
		return NULL;
	}
	pid = start(argv, fds[1]);
	close(fds[1]);
	while (pid > 0 && len < OUTPUT_MAX &&
	       (got = read(fds[0], text + len, OUTPUT_MAX - len)) > 0)
		len += (size_t)got;
	close(fds[0]);
	text[len] = '\0';
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) <= most)
		return text;
	free(text);
	return NULL;
}

char *ctl_run(const char *const *argv)
{
	return ctl_run_up_to(argv, 0);
}
