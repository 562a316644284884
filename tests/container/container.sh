# shellcheck shell=bash
# A Debian under its own systemd and with a network of its own, in the folder $WORK/site. Sourced by the programs
# `run` of tests/packages and tests/sites.

PACKAGES=(postlatch-common dovecot-postlatch postlatch-milter postlatch-portal)

# Makes the folder, with packages for apt-get.
make_root() { # RELEASE PACKAGE ...
	local site=$WORK/site release=$1
	shift
	"$SOURCE/tools/debian-root" "$release" "$site" systemd systemd-sysv dbus procps curl make nginx-light openssl ssl-cert "$@" ||
		return 1
	# Here nobody answers a question of apt-get.
	echo 'APT::Get::Assume-Yes "true";' >"$site/etc/apt/apt.conf.d/tests"
	# In a test a service may be restarted more often than an operator would.
	mkdir -p "$site/etc/systemd/system.conf.d"
	printf '[Manager]\nDefaultStartLimitIntervalSec=0\n' >"$site/etc/systemd/system.conf.d/tests.conf"
}

# What the packages in /packages/new depend on comes now: later there is no way to the archive.
download_dependencies() {
	{
		"$SOURCE/tools/in-root" "$WORK/site" apt-get update -q
		"$SOURCE/tools/in-root" "$WORK/site" sh -c 'apt-get install -y --download-only /packages/new/*.deb'
	} >"$WORK/download.log" 2>&1 || return 1
	use_downloads "$WORK/site"
}

# From here on apt-get knows what was downloaded and nothing else: the lists of the whole archive take it seconds
# each time.
use_downloads() { # ROOT
	local folder=$1/packages/downloads package
	mkdir "$folder"
	mv "$1"/var/cache/apt/archives/*.deb "$folder"
	for package in "$folder"/*.deb; do
		dpkg-deb --field "$package"
		echo "Filename: ./$(basename "$package")"
		echo "Size: $(stat -c %s "$package")"
		echo "SHA256: $(sha256sum "$package" | cut -d ' ' -f 1)"
		echo
	done >"$folder/Packages"
	rm -rf "$1"/var/lib/apt/lists/* "$1"/etc/apt/sources.list.d/*
	echo "deb [trusted=yes] file:/packages/downloads ./" >"$1/etc/apt/sources.list"
	"$SOURCE/tools/in-root" "$1" apt-get update -q
}

dovecot_release() { chroot "$1" dovecot --version | cut -d . -f 1,2; }

# Two systemds may not share control groups, so each container has groups of its own in all hierarchies.
control_groups() {
	local hierarchy
	for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/{unified,systemd}; do
		[ ! -e "$hierarchy/cgroup.procs" ] || echo "$hierarchy/${CONTAINER:-postlatch-$$}"
	done
}

boot() { # ROOT [OPTION ...] of systemd-nspawn; without any, the network is the loopback
	local root=$1 deadline=$((SECONDS + 600)) groups group
	shift
	[ $# -gt 0 ] || set -- --private-network
	mapfile -t groups < <(control_groups)
	rm -f "$root/usr/sbin/policy-rc.d"
	mkdir "${groups[@]}"
	(
		for group in "${groups[@]}"; do echo $BASHPID >"$group/cgroup.procs"; done
		exec systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit \
			--machine="${CONTAINER:-postlatch-$$}" "$@" </dev/null >"$WORK/boot.log" 2>&1
	) &
	NSPAWN=$!
	until LEADER=$(pgrep -P "$NSPAWN" -x systemd) &&
		[[ $(inside systemctl is-system-running 2>/dev/null) = @(running|degraded) ]]; do
		kill -0 "$NSPAWN" 2>/dev/null && [ $SECONDS -lt $deadline ] || return 1
		sleep 0.2
	done
}

# Runs a command in there, as root.
inside() {
	nsenter -t "$LEADER" -m -u -i -n -p -r -w -- env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

shut_down() {
	local group
	[ -n "${NSPAWN:-}" ] || return 0
	kill "$NSPAWN" 2>/dev/null # it has systemd shut down in there
	for _ in $(seq 300); do
		kill -0 "$NSPAWN" 2>/dev/null || break
		sleep 0.1
	done
	! kill -0 "$NSPAWN" 2>/dev/null || kill -9 "$LEADER" "$NSPAWN"
	for group in $(control_groups); do
		find "$group" -depth -type d -exec rmdir {} +
	done 2>/dev/null
}

# Every path on the disk, without mailboxes and what other programs write all the time.
list_files() {
	inside find / -xdev -path /packages -prune -o -print |
		grep -Ev '^/home/.*/|^/var/(log|cache|tmp|mail|vmail|lib/(dpkg|apt|dovecot|postfix|postgresql|systemd)|spool/postfix/[a-z]+)/.*' | sort
	inside find /var/lib/systemd /etc/systemd -name '*postlatch*' | sort
}
