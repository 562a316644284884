# bash completion for postlatch; words come from the command itself.
# shellcheck shell=bash

# Sets noun and verb to the words in front of the cursor that are no options.
_postlatch_words()
{
	local word skip=''
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [ -n "$skip" ]; then
			skip=''
		elif [[ $word == -c || $word == --config ]]; then
			skip=yes
		elif [[ $word != -* && -z $noun ]]; then
			noun=$word
		elif [[ $word != -* && -z $verb ]]; then
			verb=$word
		fi
	done
}

# Settings with their values. bash takes "pop3=of" for three words, so that behind
# the '=' only the value is completed.
_postlatch_settings()
{
	local before=${COMP_WORDS[COMP_CWORD - 1]} name=''
	if [[ $cur == = ]]; then
		name=$before
	elif [[ $before == = ]]; then
		name=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	postlatch -x setting-words 2>/dev/null |
		awk -F = -v n="$name" 'n == "" { print } n != "" && n == $1 { print $2 }'
}

# The values of the option in front of the cursor; nothing if it is none that takes certain words.
_postlatch_values()
{
	local option=${COMP_WORDS[COMP_CWORD - 1]}
	if [[ $cur == = ]]; then
		cur=''
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	[[ $option == --* ]] || return
	values=$(postlatch -x option-words 2>/dev/null |
		awk -v o="$option" '$1 == o { for (i = 2; i <= NF; i++) print $i }')
}

_postlatch()
{
	local cur=${COMP_WORDS[COMP_CWORD]} noun='' verb='' table verbs words values=''
	COMPREPLY=()
	table=$(postlatch -x words 2>/dev/null) || return
	_postlatch_words
	verbs=$(awk -v n="$noun" '$1 == n && $2 != "-" { print $2 }' <<<"$table")
	if [ -z "$noun" ]; then
		words="$(awk '{ print $1 }' <<<"$table" | sort -u) help --json --help --version -c"
	elif [[ -z $verb && -n $verbs ]]; then
		words=$verbs
	elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == --* || (${COMP_WORDS[COMP_CWORD - 1]} == = &&
		${COMP_WORDS[COMP_CWORD - 2]} == --*) ]] && _postlatch_values && [ -n "$values" ]; then
		words=$values
	elif [[ $cur == -* ]]; then
		words=$(awk -v n="$noun" -v v="$verb" \
			'$1 == n && ($2 == v || $2 == "-") { for (i = 3; i <= NF; i++) print $i }' <<<"$table")
	elif [[ $verb == set || $verb == add ]]; then
		words=$(_postlatch_settings)
		[[ $cur != = ]] || cur=''
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _postlatch postlatch
