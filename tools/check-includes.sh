#!/bin/bash
# check-includes.sh - nobody includes against the arrows of ARCHITECTURE.md.
set -uo pipefail
status=0
complain() { echo "check-includes: $*"; status=1; }

# includes FOLDER: "file header" for each include in quotes.
includes() { grep -Hos '^#include "[^"]*"' "$1"/*.[ch] | sed 's/:#include "/ /; s/"$//'; }

# Own headers and the library's, nothing else. config.h is made by configure, and
# Dovecot's headers are for the plugin's shell alone.
for folder in policy ctl daemon dovecot-plugin milter sasl-relay portal; do
	while read -r file header; do
		[ ! -e "$folder/$header" ] || continue
		[ "$header" != config.h ] || continue
		[ "$folder" = policy ] || [ ! -e "policy/$header" ] || continue
		[[ "$folder" != milter && "$folder" != sasl-relay && "$folder" != portal ]] || [ ! -e "daemon/$header" ] || continue
		[[ $file != dovecot-plugin/authdb-postlatch.c && $file != dovecot-plugin/compat.h && $file != dovecot-plugin/worker.? ]] || continue
		complain "$file includes $header, which is not for $folder/"
	done < <(includes "$folder")
done
for header in $(includes dovecot-plugin | sed -nE 's/^dovecot-plugin\/(authdb-postlatch.c|compat.h) //p'); do
	for folder in ctl milter sasl-relay portal; do
		[ ! -e "$folder/$header" ] || complain "dovecot-plugin includes $folder/$header"
	done
done

# only HEADER FILE ...: a library's header belongs to these files.
only() {
	local header=$1 file
	shift
	for file in $(grep -ls "^#include <$header>" {policy,ctl,daemon,dovecot-plugin,milter,sasl-relay,portal}/*.[ch]); do
		[[ " $* " = *" $file "* ]] || complain "$file includes <$header>, which belongs to $*"
	done
}
only sqlite3.h policy/store_sqlite.c
only libpq-fe.h policy/store_postgresql.c policy/store_postgresql_connect.c policy/store_postgresql_stmt.c
only confuse.h policy/policy_file.c
only csv.h ctl/member_csv.c
only libmilter/mfapi.h milter/callbacks.c milter/main.c
only microhttpd.h portal/http.c
only qrencode.h portal/qr.c
only curl/curl.h portal/kick.c

# The decision is pure.
for header in $(sed -nE 's/^#include [<"](.*)[>"]/\1/p' policy/decide.c); do
	case $header in
	decide.h | stdio.h | string.h | *.def) ;;
	*) complain "policy/decide.c includes $header: the decision has no I/O, clock or allocation" ;;
	esac
done

# Every header stands alone.
for header in {policy,ctl,daemon,milter,sasl-relay,portal}/*.h dovecot-plugin/driver.h; do
	echo "#include \"${header##*/}\"" |
		cc -std=gnu11 -D_GNU_SOURCE -Ipolicy -Idaemon -I"${header%/*}" -fsyntax-only -x c - 2>/dev/null ||
		complain "$header does not compile alone"
done
exit $status
