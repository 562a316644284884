#!/bin/bash
# check-style.sh - rules of HACKING.md that a search can keep.
set -uo pipefail
status=0
complain() { echo "check-style: $*"; status=1; }
sources=({policy,portal}/*/*.[ch] ctl/{check,import,setup}/*.[ch] {ctl,daemon,dovecot,dovecot-plugin,milter,sasl-relay,portal,password,sender}/*.[ch])

# never PATTERN WHY FILE ...
never() {
	local pattern=$1 why=$2 hit
	shift 2
	while IFS= read -r hit; do complain "$why: $hit"; done < <(grep -nHE "$pattern" "$@")
}
never '\b(exit|abort|assert|printf|perror|syslog)\(' 'the library does not end, log or assert' policy/*/*.[ch]
never '\b(strcpy|strcat|sprintf|gets|strtok|atoi|rand|random|system|popen|tmpnam)\(' 'use the bounded or safe one' "${sources[@]}"
never '\bmemcmp\(.*(mac|digest|secret|token)' 'compare secrets in constant time' "${sources[@]}"
never '[^ -~	]' 'not ASCII' "${sources[@]}"
never '[ 	]$' 'blanks at the end of a line' "${sources[@]}" {quickstart,run-tests} demo/{*.*,inside,what-next,brand/*} tools/*

# Transactions are the caller's; only login_log.c, which has nothing but its own writes, has no caller.
while IFS= read -r hit; do complain "only a function named _commit begins or ends a transaction: $hit"; done < <(
	awk 'FNR == 1 { name = "" } /^[a-z].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
		/pl_store_(begin_write|commit|rollback)\(/ && name !~ /_commit$/ && FILENAME !~ /\/login_log.c$/ {
			print FILENAME ":" FNR ": " name }' policy/{outbox,account,credential,session,settings,login}/*.c)

while read -r line; do complain "a line of more than 100 columns: $line"; done < <(
	for file in "${sources[@]}"; do expand "$file" | grep -nE '^.{101,}' | sed "s|^|$file:|"; done)

for file in "${sources[@]}"; do
	[ "$(wc -l <"$file")" -le 600 ] || complain "$file has more than 600 lines: what are its two subjects?"
done
if command -v shellcheck >/dev/null; then
	shellcheck -x -S warning quickstart run-tests .ci/run demo/functions.sh demo/inside tools/* \
		tests/{packages,sites}/run debian/*.{postinst,prerm,postrm} || status=1
fi
exit $status
