# shellcheck shell=bash
# A Debian under its own systemd and with a network of its own, in a folder. Sourced by run, which sets WORK.

boot() { # ROOT
	local deadline=$((SECONDS + 600))
	rm -f "$1/usr/sbin/policy-rc.d"
	systemd-nspawn --quiet --directory="$1" --boot --private-network --register=no --keep-unit \
		--machine="postlatch-$$" </dev/null >"$WORK/boot.log" 2>&1 &
	NSPAWN=$!
	until LEADER=$(pgrep -P "$NSPAWN" -x systemd) && inside systemctl is-system-running 2>/dev/null |
		grep -qx 'running\|degraded'; do
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
	[ -n "${NSPAWN:-}" ] || return 0
	kill "$NSPAWN" 2>/dev/null # it has systemd shut down in there
	for _ in $(seq 300); do
		kill -0 "$NSPAWN" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -9 "$LEADER" "$NSPAWN" 2>/dev/null
}
