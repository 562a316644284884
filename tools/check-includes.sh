#!/bin/bash
# check-includes.sh - no file includes a header of a room that stands above its own.
#
# The rooms, lowest first; ARCHITECTURE.md has the same list. A file may include headers of its own
# room and of those that stand before it, as far as they belong to the same program or to the parts
# that all programs share. Includes in quotes name the path from the root of the tree.
set -uo pipefail
status=0
complain() { echo "check-includes: $*"; status=1; }

rooms=(policy/base policy/store policy/settings policy/outbox policy/account policy/credential policy/session policy/approval policy/login policy/forward policy/recovery policy/attachment policy/admin policy/rotation
	daemon dovecot dovecot-plugin milter/mime milter sasl-relay portal/http portal/signin portal/account portal/console portal/scim portal/oauth portal/setup portal/download portal/upload portal/approve portal password sender
	ctl ctl/check ctl/import ctl/setup)
shared=" policy daemon dovecot "
declare -A place
for i in "${!rooms[@]}"; do place[${rooms[i]}]=$i; done

# may_include FILE HEADER
may_include() {
	local from=${1%/*} to=${2%/*}
	[ "$from" != "$to" ] || return 0
	[ -n "${place[$to]:-}" ] || return 1
	# The table of statements is put together from those of the rooms.
	[[ $1 != policy/store/statements.def || $2 != */statements.def ]] || return 0
	[ "${place[$to]}" -lt "${place[$from]}" ] || return 1
	[ "${from%%/*}" = "${to%%/*}" ] || [[ $shared = *" ${to%%/*} "* ]]
}

# ARCHITECTURE.md has the same list.
diff <(printf '%s\n' "${rooms[@]}") <(sed -n '/^## The rooms/,/^## /s/^| `\(.*\)\/` |.*/\1/p' ARCHITECTURE.md) >/dev/null ||
	complain "ARCHITECTURE.md lists other rooms, or in another order"

# config.h is made by configure; Dovecot's headers are for the shell of the plugin alone.
for room in "${rooms[@]}"; do
	while read -r file header; do
		[ "$header" != config.h ] || continue
		[[ $header = */* ]] || [[ $file != dovecot-plugin/* || $file = dovecot-plugin/driver.? ]] || continue
		if [ ! -e "$header" ]; then
			complain "$file includes $header, which is not a path from the root of the tree"
		elif ! may_include "$file" "$header"; then
			complain "$file includes $header, which stands above it or belongs to another program"
		fi
	done < <(grep -Hos '^#include "[^"]*"' "$room"/*.{c,h,def} | sed 's/:#include "/ /; s/"$//')
done

# only HEADER FILE ...: a library's header belongs to these files.
only() {
	local header=$1 file
	shift
	while read -r file; do
		[[ " $* " = *" $file "* ]] || complain "$file includes <$header>, which belongs to $*"
	done < <(for room in "${rooms[@]}"; do grep -ls "^#include <$header>" "$room"/*.[ch]; done)
}
only sqlite3.h policy/store/store_sqlite.c policy/store/store_sqlite_backup.c policy/store/store_sqlite_create.c
only libpq-fe.h policy/store/store_postgresql.c policy/store/store_postgresql_connect.c \
	policy/store/store_postgresql_copy.c policy/store/store_postgresql_pipeline.c policy/store/store_postgresql_stmt.c
only confuse.h policy/settings/brand_conf.c policy/settings/confuse_text.c policy/settings/confuse_text.h \
	policy/settings/policy_file.c policy/settings/policy_validators.c policy/settings/policy_validators.h
only csv.h policy/admin/member_csv.c
only libmilter/mfapi.h milter/callbacks.c milter/main.c milter/rewrite.c milter/rewrite.h
only microhttpd.h portal/http/http.c milter/metrics_server.c
only expat.h policy/base/xml.c
only openssl/cms.h portal/setup/cms.c
only uniconv.h milter/mime/charset.c
only qrencode.h portal/signin/qr.c
only archive.h portal/download/zip.c
only fido.h portal/signin/webauthn.c
only pwquality.h portal/signin/password_quality.c
only curl/curl.h dovecot/doveadm.c policy/attachment/s3_request.h sender/push.c

# The decision is pure.
for header in $(sed -nE 's/^#include [<"](.*)[>"]/\1/p' policy/settings/decide.c); do
	case $header in
	policy/settings/decide.h | stdio.h | string.h | *.def) ;;
	*) complain "policy/settings/decide.c includes $header: the decision has no I/O, clock or allocation" ;;
	esac
done

# Every header stands alone.
for room in "${rooms[@]}"; do
	for header in "$room"/*.h; do
		[ -e "$header" ] && [[ $header != dovecot-plugin/@(compat|chain|login_end).h ]] || continue
		echo "#include \"$header\"" | cc -std=gnu11 -D_GNU_SOURCE -I. -fsyntax-only -x c - 2>/dev/null ||
			complain "$header does not compile alone"
	done
done
exit $status
