#!/bin/bash
# check-web.sh - the pages' catalogues agree with each other and with the modules.
set -uo pipefail
status=0
complain() { echo "check-web: $*"; status=1; }
mapfile -t modules < <(find web -name '*.js' -not -path 'web/messages/*' -not -path 'web/vendor/*' | sort)
# All pages have the sentences of one catalogue; a part of them may have another one, messages/PART.LANGUAGE.js.
english=(web/messages/en.js web/messages/*.en.js)

keys() { sed -nE 's/^    "([a-z.-]+)": ".+",$/\1/p' "$@" | sort; }
# The placeholders of a sentence are the same in both languages.
placeholders() { perl -ne '/^ +"([a-z.-]+)"/ and print "$1 ", sort(/\{[a-z]+\}/g), "\n"' "$1" | sort; }
for en in "${english[@]}"; do
	ko=${en%en.js}ko.js
	while read -r key; do
		complain "$key is not in both $en and $ko"
	done < <(comm -3 <(keys "$en") <(keys "$ko") | tr -d '\t')
	while read -r line; do
		complain "no message: $line"
	done < <(grep -hE '^    ' "$en" "$ko" | grep -vE '^    "[a-z.-]+": ".+",$')
	while read -r key _; do
		complain "$key has other {placeholders} in Korean than in English"
	done < <(comm -3 <(placeholders "$en") <(placeholders "$ko") | tr -d '\t' | sort -u -k1,1)
done
while read -r key; do complain "$key is there twice"; done < <(keys "${english[@]}" | uniq -d)

# Keys in use begin with a word of the catalogues; "error." is put together with the portal's code.
words=$(keys "${english[@]}" | cut -d. -f1 | sort -u | paste -sd'|')
used_in() { grep -ohE "\"($words)\.[a-z-]+\"" "$@" | tr -d '"' | sort -u; }
while read -r key; do
	complain "no catalogue has $key"
done < <(comm -13 <(keys "${english[@]}") <(used_in "${modules[@]}"))
while read -r key; do
	complain "$key is never shown"
done < <(comm -23 <(keys "${english[@]}") <(used_in "${modules[@]}") | grep -v '^error\.')
# A catalogue of a part has the sentences that this part alone shows; the console may show those of the account, too.
outside() { # FOLDER_OR_MODULE...
	printf '%s\n' "${modules[@]}" | grep -vE "^web/($(printf '%s\n' "$@" | paste -sd'|'))(/|$)"
}
of_account=(account signin/forgotten.js) # the latter loads them for what is wrong with a new password
alone() { # CATALOGUE NAME FOLDER_OR_MODULE...
	local catalogue=$1 name=$2 others key
	shift 2
	mapfile -t others < <(outside "$@")
	while read -r key; do
		complain "$key is a sentence of $name alone, and shown elsewhere"
	done < <(comm -12 <(keys "$catalogue") <(used_in "${others[@]}"))
}
alone web/messages/account.en.js 'the account pages and the console' "${of_account[@]}" console
alone web/messages/console.en.js 'the console' console
alone web/messages/approve.en.js 'the page of the phone' approve
mapfile -t of_all < <(outside "${of_account[@]}" console approve)
while read -r key; do
	complain "$key is shown on the account pages or in the console alone, and not in their catalogue"
done < <(comm -23 <(keys web/messages/en.js web/messages/steps.en.js) <(used_in "${of_all[@]}") | grep -v '^error\.')
mapfile -t below_console < <(outside console)
while read -r key; do
	complain "$key is shown in the console alone, and not in its catalogue"
done < <(comm -23 <(keys web/messages/account.en.js) <(used_in "${below_console[@]}") | grep -v '^error\.')
# The first page has the modules that main.js imports, and those import, and no more sentences than they show.
with_first=()
reach() { # MODULE
	local imported
	[[ " ${with_first[*]} " != *" $1 "* ]] || return
	with_first+=("$1")
	while read -r imported; do
		reach "$(realpath --relative-to=. "${1%/*}/$imported")"
	done < <(sed -nE '/^(import|export) .* from "/s/.* from "([^"]+)";$/\1/p' "$1")
}
reach web/main.js
while read -r key; do
	complain "$key is shown on the first page, and stands in web/messages/steps.en.js"
done < <(comm -12 <(keys web/messages/steps.en.js) <(used_in "${with_first[@]}"))
while read -r key; do
	complain "$key is not shown on the first page, and stands in web/messages/en.js"
done < <(comm -23 <(keys web/messages/en.js) <(used_in "${with_first[@]}") | grep -v '^error\.')

# Sentences belong into the catalogues, and markup or style never comes from a module.
never() {
	local pattern=$1 why=$2 hit
	while IFS= read -r hit; do
		complain "$why: $hit"
	done < <(grep -nHP "$pattern" "${modules[@]}" | grep -vP '^[^:]+:\d+:\s*//')
}
never '[^\x00-\x7f]' 'not ASCII'
never '(placeholder|title|aria-label)[:=] *["`](?![a-z-]+\.[a-z-]+")' 'a sentence outside of the catalogues'
never '(?<!=)>\s*[A-Za-z]+[^<>`${}()]*</' 'a sentence outside of the catalogues'
never 'innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|\.style\b|\bstyle[:=] *["`](?!unit)' 'not under our content security policy'
never '^.{121,}' 'a line of more than 120 characters'

# Texts in quotes that look like words for people: several of them, or a capital first.
words='"[^"]*[A-Za-z]{2,}[,.]? [A-Za-z]{2,}|"[A-Z][a-z]'
known='^"(noopener noreferrer|Accept|Accept-Language|Content-Type|If-Match|Postlatch|Authorization: Bearer pl_key_\.\.\.)"$'
while IFS= read -r text; do
	complain "a sentence outside of the catalogues: $text"
done < <(sed '/^ *\/\//d' "${modules[@]}" | grep -oE '"[^"]*"' | grep -E "$words" | grep -vE "$known")

# What a style sheet selects by such an attribute, a module draws, or a page that the portal writes itself.
while read -r attribute; do
	grep -qrE --include='*.js' --include='*.html' --include='*.c' --include='*.def' -e "$attribute([^a-z-]|$)" \
		"${modules[@]}" web/*.html portal || complain "nothing has the attribute $attribute of web/css"
done < <(grep -ohE '\[data-[a-z-]+' web/css/*.css | tr -d '[' | sort -u)

while read -r file; do
	grep -qw -- "${file#web/}" web/Makefile.am || complain "$file is not in web/Makefile.am"
done < <(find web -name '*.js' -o -name '*.css' -o -name '*.svg' -o -name '*.html' -o -path 'web/vendor/*')
# Without a brand the pages have the colours from which the portal computes those of a brand. nth N: that of the light
# pages, or of the dark ones.
nth() { sed -n "$1p" | sed -E 's/^#(.)(.)(.)$/#\1\1\2\2\3\3/'; }
of_pages() { sed -nE "s/^ +--$1: (#[0-9a-f]+);.*/\1/p" web/css/base.css; }
of_brand() { sed -nE "s/^PL_BRAND_COLOUR\((light|dark)_$1, \"(#.*)\",/\2/p" policy/settings/brand.def; }
of_style() { sed -nE "s/.*\.$1 = colour\(\"(#.*)\"\).*/\1/p" policy/settings/brand_style.c; }
same_colour() { # TOKEN COMMAND NAME
	local n
	for n in 1 2; do
		[ -n "$(of_pages "$1" | nth $n)" ] && [ "$(of_pages "$1" | nth $n)" = "$("$2" "$3" | nth $n)" ] ||
			complain "--$1 of web/css/base.css is not the colour $3 of policy/settings/brand.def or brand_style.c"
	done
}
same_colour accent of_brand accent
same_colour on-accent of_brand on_accent
same_colour ground of_brand background
for token in card ink soft; do same_colour $token of_style $token; done

exit $status
