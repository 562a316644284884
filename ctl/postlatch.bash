# bash completion for postlatch; words come from the command itself.
_postlatch()
{
	local cur=${COMP_WORDS[COMP_CWORD]} noun= verb= word table
	table=$(postlatch -x words 2>/dev/null) || return
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		-*) ;;
		*) if [ -z "$noun" ]; then noun=$word; elif [ -z "$verb" ]; then verb=$word; fi ;;
		esac
	done
	if [ -z "$noun" ]; then
		COMPREPLY=($(compgen -W "$(awk '{ print $1 }' <<<"$table" | sort -u) --json --help -c" -- "$cur"))
	elif [ -z "$verb" ] && awk -v n="$noun" '$1 == n && $2 != "-" { f = 1 } END { exit !f }' <<<"$table"; then
		COMPREPLY=($(compgen -W "$(awk -v n="$noun" '$1 == n { print $2 }' <<<"$table")" -- "$cur"))
	elif [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$(awk -v n="$noun" -v v="$verb" \
			'$1 == n && ($2 == v || $2 == "-") { for (i = 3; i <= NF; i++) print $i }' <<<"$table")" -- "$cur"))
	elif [[ $verb == set || $verb == add ]]; then
		COMPREPLY=($(compgen -W "$(postlatch -x setting-words 2>/dev/null)" -- "$cur"))
	else
		COMPREPLY=($(compgen -f -- "$cur"))
	fi
}
complete -F _postlatch postlatch
