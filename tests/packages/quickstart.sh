# shellcheck shell=bash
# What ./quickstart leaves behind on a machine without a mail server. Sourced by run.

# tools/install-packages is what puts packages on a machine. Then the machine boots, and nobody has disabled anything.
test_a_quickstart_leaves_no_public_server() (
	WORK=$WORK/fresh
	mkdir "$WORK"
	trap 'shut_down; rm -rf "$WORK"' EXIT
	"$SOURCE/tools/debian-root" "$RELEASE" "$WORK/site" systemd systemd-sysv dbus procps iproute2
	cp "$SOURCE/tools/install-packages" "$WORK/site/usr/local/sbin/"
	"$SOURCE/tools/in-root" "$WORK/site" bash /usr/local/sbin/install-packages server webmail
	boot "$WORK/site"
	inside dovecot --version >/dev/null
	equal "listeners" "$(inside ss -Hlntu | awk '{ print $5 }' | grep -v '^127\.\|^\[::1\]' | sort)" ""
)
