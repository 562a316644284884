#!/bin/bash
# check-docs.sh - documents and tables agree, and what documents name exists.
set -uo pipefail
status=0
complain() { echo "check-docs: $*"; status=1; }

# Paths in documents for people who read the code. A bare file name may be in any folder.
for document in ARCHITECTURE.md HACKING.md; do
	for path in $(grep -oE '`[A-Za-z0-9_./-]+\.(c|h|def|sh|py|conf|in|md)`|`[a-z-]+(/[a-z_.-]+)*/`' "$document" | tr -d '`'); do
		[ -e "$path" ] || find . -name "${path##*/}" -not -path "./build*" | grep -q . || complain "$document names $path, which does not exist"
	done
done

# Links between documents lead to a file, and to a heading in it.
headings() { sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'; }
for document in *.md doc/*.md; do
	while read -r link; do
		file=${link%%#*}
		[ -z "$file" ] && file=$document || file=$(dirname "$document")/$file
		if [ ! -e "$file" ]; then
			complain "$document links to $link, which does not exist"
		elif [[ $link = *#* ]]; then
			headings "$file" | grep -qxF -e "${link#*#}" || complain "$document links to $link, which is not a heading"
		fi
	done < <(grep -oE '\]\([^):]+\)' "$document" | sed 's/^](//; s/)$//')
done

# What documents for operators name below /usr/share/postlatch, and in the source, exists.
while IFS=: read -r document path; do
	path=${path#/usr/share/postlatch/}
	path=${path/dovecot-\$\(*\)/dovecot-2.3}
	path=${path/#consent/conf.d/consent}
	path=${path/#sms/sender}
	compgen -G "${path/#conf.d\/dovecot\//conf.d\/dovecot-2.3\/}*" >/dev/null ||
		complain "$document names $path, which does not exist"
done < <(grep -oHE '/usr/share/postlatch/[^ ]*dovecot-\$\([^)]*\)/[a-z0-9./-]+|/usr/share/postlatch/[][a-zA-Z0-9_./*-]+[a-z]|\b(tests|tools|demo|dovecot-plugin)/[a-zA-Z0-9_./-]+[a-z]' README.md doc/*.md debian/README.Debian)

# Every setting is explained in the sample policy file.
names() { sed -nE "s/^$1\(([A-Z_]+, )?([a-z_]+),.*/\2/p" "$2"; }
for name in $(names 'PL_OPTION_[A-Z_]+' policy/settings/policy.def) $(names PL_SETTING policy/settings/settings.def); do
	grep -qE "^[[:space:]]*#? *$name *=" conf.d/policy.conf || complain "conf.d/policy.conf does not show $name"
done
# And what it shows exists.
for name in $(sed -nE 's/^[[:space:]]*#? ?([a-z_]+) *= *.*/\1/p' conf.d/policy.conf | sort -u); do
	grep -qE "[(, ]$name," policy/settings/policy.def policy/settings/settings.def || complain "conf.d/policy.conf shows $name, which is no setting"
done

# Commands in documents are commands of the table.
while read -r document noun verb; do
	grep -qE "^CTL_COMMAND\(\"$noun\", \"($verb)?\"" ctl/commands.def ||
		complain "$document shows \`postlatch $noun $verb\`, which is no command"
done < <(grep -oHE '(\$POSTLATCH|postlatch) (--json )?(domain|import|member|app-password|totp|session|device|application|client|db) [a-z][a-z0-9-]*' README.md SECURITY.md HACKING.md doc/*.md demo/what-next debian/README.Debian |
	sed -E 's/:(\$POSTLATCH|postlatch) (--json )?/ /' | sort -u)

# Every source file is in a Makefile, which may be that of the folder above.
for file in {policy,portal}/*/*.[ch] ctl/{check,import,setup}/*.[ch] {ctl,daemon,dovecot,milter,sasl-relay,dovecot-plugin,portal,password,sender}/*.[ch] tests/{unit,fuzz,bench}/*.[ch]; do
	[ -e "$file" ] || continue
	makefile=${file%/*}/Makefile.am
	[ -e "$makefile" ] || makefile=${file%/*/*}/Makefile.am
	grep -qE "(^|[[:blank:]/])${file##*/}([[:blank:]]|$)" "$makefile" || complain "$file is in no Makefile.am"
done
exit $status
