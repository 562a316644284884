# shellcheck shell=bash
# Runs the jobs of run-tests side by side, and prints their results in the order in which they were added.
#
# A job is a command with a name; its output goes to a log of its own in $OUT. When it has ended, its READER
# is called with its name, status and log, counts what it finds there, and prints it.

passed=0 failed=0 skipped=0
suite_of=() names=() readers=() commands=() # of each job
starts=()                                   # their numbers, in the order in which they start
declare -A of_two=()                        # those of which no more than two run at once
declare -A latest=()                        # minutes after which a job does not start, where they are fewer than $LATE

# On a slow machine a run of everything ends all the same: what has not started after so many minutes is left out, and
# said to be.
LATE=${RUN_TESTS_LATE:-62}

# A job that two suites have runs once.
add() { # READER NAME COMMAND ...
	[[ " ${names[*]} " != *" $2 "* ]] || return 0
	starts+=("${#names[@]}")
	suite_of+=("$suite") readers+=("$1") names+=("$2")
	shift 2
	commands+=("${*@Q}")
}

# check NAME COMMAND ...: one test that is a command.
check() { add result "$@"; }

# count NAME COMMAND ...: a command that prints a line "ok NAME", "FAIL NAME" or "skip NAME: why" for each test.
count() { add tally "$@"; }

# The job that was added last takes long: it starts before those that were added without this, beside one of its kind
# and whatever else there is.
start_early() {
	starts=("${starts[-1]}" "${starts[@]:0:${#starts[@]}-1}")
	two_at_once
}

# The job that was added last needs much time, memory or disk: no more than two such jobs run at once.
two_at_once() { of_two[$((${#names[@]} - 1))]=yes; }

# latest_at MINUTES: the job that was added last is among the first to be left out.
latest_at() { latest[$((${#names[@]} - 1))]=$1; }

is_late() { # NUMBER
	local most=${latest[$1]:-$LATE}
	[ $SECONDS -ge $((60 * (most < LATE ? most : LATE))) ]
}

result() { # NAME STATUS [LOG]
	if [ "$2" = 0 ]; then
		passed=$((passed + 1))
		echo "ok $1"
	else
		failed=$((failed + 1))
		echo "FAIL $1"
		[ -z "${3:-}" ] || tail -n 40 "$3"
	fi
}

skip() { skipped=$((skipped + 1)); echo "skip $1: $2"; }

# What failed when the job ran for the first time.
show_first_run() { # NAME STATUS
	local first
	first=$(first_log_of "$1")
	[ -e "$first" ] || return 0
	[ "$2" != 0 ] || sed -n "s|^FAIL \(.*\)|unsteady $1/\1: failed, and passed when it ran again|p" "$first"
	grep -v '^ok ' "$first" | tail -n 60 | sed 's/^/    first run: /'
}

# What passed in the first run of a job that ran twice counts too; the second has perhaps only what failed.
count_passed() { # NAME LOG
	local first
	first=$(first_log_of "$1")
	if [ -e "$first" ]; then
		grep -h '^ok ' "$first" "$2" | sort -u | wc -l
	else
		grep -c '^ok ' "$2"
	fi
}

tally() { # NAME STATUS LOG
	local name=$1 status=$2 log=$3 good bad left_out
	good=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^FAIL ' "$log")
	left_out=$(grep -c '^skip ' "$log")
	passed=$((passed + $(count_passed "$name" "$log")))
	failed=$((failed + bad))
	skipped=$((skipped + left_out))
	grep -E '^(note|skip) ' "$log"
	show_first_run "$name" "$status"
	echo "$name: $good ok, $bad failed"
	# A crash must not look like a run with few tests.
	if [ "$bad" != 0 ] || [ "$status" != 0 ] || [ $((good + left_out)) = 0 ]; then
		grep -v '^ok ' "$log" | tail -n 60
		[ "$bad" != 0 ] || result "$name (exit $status)" 1
	fi
}

log_of() { echo "$OUT/${1//\//_}.log"; }             # NAME
first_log_of() { echo "$OUT/${1//\//_}.first-log"; } # NAME; of a job that ran twice
# NAME; a line "STATUS SECONDS CPU-SECONDS NAME" when the job has ended. Daemons that left it are not in the second.
# For one that was left out, "late" and when that was.
ended_file_of() { echo "$OUT/${1//\//_}.ended"; }

run_logged() { (eval "$1") >"$2" 2>&1 </dev/null; } # COMMAND LOG

# A job of which no more than two tests failed runs once more, if no more than four jobs of the run did so before it and
# it is not late: a test that meets what else the machine does is to be mended, but does not hide what the others found.
# The first log is kept, and shown with the result. $RUN_AGAIN names it; a runner that knows this variable runs no more
# than what failed there.
may_run_again() { # NUMBER
	local name=${names[$1]} bad before
	[ "${readers[$1]}" = tally ] && ! is_late "$1" || return
	bad=$(grep '^FAIL ' "$(log_of "$name")" | sort -u | wc -l) # one may fail in its body and after it
	before=$(find "$OUT" -maxdepth 1 -name '*.first-log' | wc -l)
	[ "$bad" -ge 1 ] && [ "$bad" -le 2 ] && [ "$before" -lt 5 ]
}

run_job() { # NUMBER
	local name=${names[$1]} begin=$SECONDS TIMEFORMAT='%0U %0S' cpu status
	if is_late "$1"; then
		echo "late $begin 0 $name" >"$(ended_file_of "$name")"
		return
	fi
	cpu=$({ time run_logged "${commands[$1]}" "$(log_of "$name")"; } 2>&1)
	status=$?
	if [ $status != 0 ] && may_run_again "$1"; then
		mv "$(log_of "$name")" "$(first_log_of "$name")"
		RUN_AGAIN=$(first_log_of "$name") run_logged "${commands[$1]}" "$(log_of "$name")"
		status=$?
	fi
	echo "$status $((SECONDS - begin)) $((${cpu/ / + })) $name" >"$(ended_file_of "$name")"
}

# Prints the results of jobs that have ended, up to the first that still runs.
shown=0 heading=
show_results() {
	local name ended status seconds
	while [ $shown -lt ${#names[@]} ]; do
		name=${names[shown]}
		ended=$(ended_file_of "$name")
		[ -s "$ended" ] || return
		read -r status seconds _ <"$ended"
		[ "$heading" = "${suite_of[shown]}" ] || echo "== ${suite_of[shown]}"
		heading=${suite_of[shown]}
		if [ "$status" = late ]; then
			skip "$name" "the machine is slow, the tests have taken $((seconds / 60)) minutes already"
		else
			"${readers[shown]}" "$name" "$status" "$(log_of "$name")"
		fi
		shown=$((shown + 1))
	done
}

# Each job has a process group of its own, which ends with this program.
set -m
# shellcheck disable=SC2317  # called by the trap
stop_jobs() {
	local pid
	for pid in $(jobs -rp); do kill -TERM -- "-$pid"; done
	exit 130
}
trap stop_jobs INT TERM HUP

# Sets next to the place in starts of the first job that may start now. 1: none may.
find_next() {
	local number running=0
	for number in "${!of_two[@]}"; do
		[[ " ${starts[*]} " = *" $number "* ]] || [ -s "$(ended_file_of "${names[number]}")" ] || running=$((running + 1))
	done
	# One that was killed has not written how it ended.
	[ -n "$(jobs -rp)" ] || running=0
	for next in "${!starts[@]}"; do
		[ $running -ge 2 ] && [ -n "${of_two[${starts[next]}]:-}" ] || return 0
	done
	return 1
}

# run_jobs LIMIT: no more than so many at once.
run_jobs() {
	local name next
	rm -f "$OUT"/*.ended "$OUT"/*.first-log
	while [ ${#starts[@]} -gt 0 ]; do
		while [ "$(jobs -rp | wc -l)" -ge "$1" ] || ! find_next; do
			wait -n
			show_results
		done
		run_job "${starts[next]}" &
		unset "starts[next]"
		starts=("${starts[@]}")
	done
	while wait -n; [ "$(jobs -rp | wc -l)" -gt 0 ]; do show_results; done
	# One that was killed has not written how it ended.
	for name in "${names[@]}"; do
		[ ! -s "$(ended_file_of "$name")" ] || continue
		echo "137 0 0 $name" >"$(ended_file_of "$name")"
		touch "$(log_of "$name")"
	done
	show_results
}

# The ten jobs that took longest.
show_slowest() {
	[ ${#names[@]} -gt 1 ] || return
	echo "== slowest: seconds, of the processor's, name"
	grep -hv '^late ' "$OUT"/*.ended | sort -k 2,2nr | head -n 10 | while read -r _ seconds cpu name; do
		printf '%5d %5d %s\n' "$seconds" "$cpu" "$name"
	done
}
