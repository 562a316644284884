#!/bin/bash
# check-vendor.sh - web/vendor/ has the files that tools/vendor-web fetched, unchanged, and nothing else.
set -uo pipefail
status=0
complain() { echo "check-vendor: $*"; status=1; }
while read -r file package version licence digest; do
	[ "$(sha256sum "web/vendor/$file" | cut -d' ' -f1)" = "$digest" ] ||
		complain "web/vendor/$file is not what was fetched of $package $version ($licence)"
done < <(grep -v '^#' web/vendor/VERSIONS)
for file in web/vendor/*; do
	[ "$file" = web/vendor/VERSIONS ] || grep -q "^${file##*/} " web/vendor/VERSIONS ||
		complain "$file is not in web/vendor/VERSIONS"
done
while read -r hit; do
	complain "an import that is not of web/vendor: $hit"
done < <(grep -oE '(from|import) ?"[^"]*"' web/vendor/*.js | grep -v '"\./[a-z-]*\.js"')
exit $status
