#!/bin/bash
# check-code.sh - formatting, spelling and static analysis of the code.
#
# Each tool is asked when it is there; run-tests installs them on Debian 12. Another version of
# clang-format formats differently, so that only the one named here is asked.
set -uo pipefail
status=0
complain() { echo "check-code: $*"; status=1; }
CLANG_FORMAT_VERSION=14

if [[ $(clang-format --version 2>/dev/null) = *" version $CLANG_FORMAT_VERSION."* ]]; then
	while read -r line; do
		complain "$line"
	done < <(find policy ctl daemon dovecot dovecot-plugin milter sasl-relay portal password sender tests -name '*.[ch]' -not -path '*/node_modules/*' -print0 |
		xargs -0 clang-format --dry-run 2>&1 | sed -nE 's/ (warning|error): code should be clang-formatted.*/ is not formatted; run clang-format -i/p')
fi

# The first are words of the field; the others are mistakes that tests make on purpose.
right=statics,nd,cros,meber,chekc,imort,exmaple,thi,fo
# Korean, pictures, seeds of fuzzers and what npm writes are no English prose.
if command -v codespell >/dev/null; then
	while read -r line; do
		complain "$line"
	done < <(find . -type f \( -path './.git' -o -path './build*' -o -path './autom4te.cache' -o -path './m4' \
		-o -path '*/node_modules' -o -path './tests/fuzz/seeds' -o -path './demo-server' -o -path './web/vendor' \) -prune -o -type f \
		\( -name '*.[ch]' -o -name '*.def' -o -name '*.md' -o -name '*.in' -o -name '*.sh' -o -name '*.py' -o -name '*.mjs' \
		-o -name '*.js' -o -name '*.conf' -o -name NEWS -o -name quickstart -o -name run-tests \) \
		-not -name 'Makefile.in' -not -name 'config.h.in' -not -path './web/messages/ko*' -print0 |
		xargs -0 codespell --quiet-level 3 --ignore-words-list "$right")
fi

# The definition is what configure writes into config.h. What cppcheck found in a file is kept while that does not change.
if command -v cppcheck >/dev/null; then
	found=$(git rev-parse --git-path cppcheck 2>/dev/null) || found=$(mktemp -d)
	mkdir -p "$found"
	cppcheck --quiet -j 2 --cppcheck-build-dir="$found" --std=c11 --enable=warning,portability --inline-suppr -I. -DPACKAGE_STRING='""' \
		--suppress=missingInclude --suppress=ctuuninitvar --suppress=missingIncludeSystem --error-exitcode=1 \
		policy ctl daemon dovecot milter sasl-relay portal password sender dovecot-plugin/driver.c 2>&1 || status=1
fi

# Every reason for a 409 of the administrators' API is a row of its table, so that programs find it in the document.
while read -r hit; do
	complain "answers 409 without a row of portal/console/conflicts.def: $hit"
done < <(grep -nE 'respond_(error|json)\(response, 409' portal/console/*.c | grep -v '^portal/console/conflict\.c:')

# Comments explain the code by itself and by public standards.
while read -r hit; do
	complain "cites what is not in the tree: $hit"
done < <(grep -rnEi '\b(design (section|card|document)|DESIGN\.md|STYLE\.md|FINDINGS\.md|SITES\.md|(issue|ticket) #?[0-9]+)\b' \
	policy ctl daemon dovecot dovecot-plugin milter sasl-relay portal password sender web tests tools man conf.d demo debian \
	--include='*' --exclude=check-code.sh --exclude-dir=node_modules)
exit $status
