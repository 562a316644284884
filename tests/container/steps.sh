# shellcheck shell=bash
# Steps, each of which is a function test_NAME, and what they assert with. Sourced by the programs `run` of
# tests/packages and tests/sites.

failed=0
# test_NAME in a shell of its own, where the first command that fails ends it. Not to be called behind ||, && or if, where
# set -e means nothing.
step() {
	local name=${1//_/-} log=$WORK/$1.log
	(
		set -e
		"test_$1"
	) >"$log" 2>&1 </dev/null
	local status=$?
	if [ $status = 0 ]; then
		echo "ok $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		tail -n 40 "$log"
		return 1
	fi
}

# A step without which there is no going on.
must() {
	step "$1"
	[ $failed = 0 ] || exit 1
}

# Succeeds when the command does not.
fails() {
	if "$@"; then
		echo "this should have failed: $*"
		return 1
	fi
}

equal() { # WHAT IT-IS IT-SHOULD-BE
	[ "$2" = "$3" ] || { printf '%s is:\n%s\nand not:\n%s\n' "$1" "$2" "$3"; return 1; }
}
