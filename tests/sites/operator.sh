# shellcheck shell=bash
# What doc/install.md leaves to the operator in its sentences, beside the commands. Sourced by run.

own_passdbs() { inside grep -l '^passdb {' -r /etc/dovecot --include='*.conf' --include='*.ext'; }

# Step 1: the policy. Step 4: with Dovecot 2.3, the line in the own passdb blocks.
prepare_by_hand() {
	inside cp -a /etc/dovecot /packages/site/
	[ ! -e "$SITE/policy.conf" ] || cat "$SITE/policy.conf" >>"$WORK/site/etc/postlatch/policy.conf"
	[ "$(dovecot_release "$WORK/site")" != 2.3 ] || own_passdbs | while read -r file; do
		inside sed -i 's/^passdb {/&\n  mechanisms = plain login none/' "$file"
	done
}

# The commands of steps 2 and 3. Where Postfix has its domains in a database, they are in a file of the site's.
installation() {
	local from='--from-postfix'
	[ ! -e "$SITE/domains" ] || from=/packages/site/domains
	shell_blocks doc/install.md | grep -vx 'postlatch check' | sed "s|--from-postfix|$from|"
}

# What else the site needs of what the documents say.
finish_by_hand() { [ ! -e "$SITE/by-hand" ] || inside bash -ex /packages/site/by-hand; }

# The configurations of all Roundcubes on the machine, as the site calls them.
roundcube_files() { inside find /etc -path '/etc/roundcube*/config.inc.php'; }

# What doc/webmail.md says of Roundcube: each of them needs the hosts, and one signs in at the portal.
set_up_roundcubes() {
	has_roundcube || return 0
	roundcube_files | while read -r file; do roundcube_hosts >>"$WORK/site$file"; done
	roundcube_include >>"$WORK/site$ROUNDCUBE/config.inc.php"
}

# The operator's own changes in files of Dovecot and Roundcube that were there.
take_back_by_hand() {
	inside cp -a /packages/site/dovecot/. /etc/dovecot/
	has_roundcube || return 0
	roundcube_hosts >"$WORK/site/packages/hosts"
	roundcube_files | while read -r file; do
		# shellcheck disable=SC2016 # the inner shell expands it
		inside sh -ec 'grep -vxF -f /packages/hosts "$1" >/packages/without; cat /packages/without >"$1"' sh "$file"
	done
}
