# functions.sh - what quickstart and demo/inside share. DIR is set by the caller.
# shellcheck shell=bash

say() { echo "quickstart: $*"; }
die() { echo "quickstart: $*" >&2; exit 1; }

# Where the private copies of system folders are; see demo/inside.
# shellcheck disable=SC2034  # used by those who read this in
VMAIL_ID=5900 POSTLATCH_ID=5901 MILTER_ID=5902 LOCAL_ID=5903 PORTAL_ID=5904 RELAY_ID=5905 SENDER_ID=5906

# 2.3 or 2.4: the names of the folder of fragments and of the demonstration's dovecot.conf.
dovecot_release() { dovecot --version | cut -d. -f1-2; }

holder_pid() { cat "$DIR/run/holder.pid" 2>/dev/null; }

# Whether a process is of this server: it sees our copy of Dovecot's module folder.
is_ours() { grep -qs "/${DIR##*/}/modules /usr/lib/dovecot/modules/auth " "/proc/$1/mountinfo"; }

is_running() {
	local pid
	pid=$(holder_pid) && [ -n "$pid" ] && is_ours "$pid"
}

# In the server's mounts; -r because a namespace that was made in a chroot begins
# at the machine's root, not at ours.
inside() { nsenter -t "$(holder_pid)" -m -r --wdns=/ -- "$@"; }

# What programs that were built with sanitizers do; others do not look. Dovecot
# and Postfix free little at their end, so leaks are left to the unit tests.
sanitizer_options() {
	echo "ASAN_OPTIONS=detect_leaks=0:log_path=$DIR/log/sanitizers/asan" \
		"UBSAN_OPTIONS=print_stacktrace=1:log_path=$DIR/log/sanitizers/ubsan"
}

# expand FILE: writes the file with every @NAME@ of the environment filled in.
expand() {
	local text name
	text=$(cat "$1"; echo x)
	for name in DIR DATABASE DOMAIN VMAIL IMAP_PORT IMAPS_PORT POP3_PORT POP3S_PORT SIEVE_PORT SMTP_PORT \
		SUBMISSION_PORT REDIRECT_PORT PORTAL_PORT DOVEADM_PORT PORTAL_URL WEBMAIL_PORT WEBMAIL_URL DES_KEY BRAND_DIR FORWARDS FILES_PORT FILES_URL; do
		text=${text//@$name@/"${!name:-}"}
	done
	printf %s "${text%x}"
}
