# shellcheck shell=bash
# The commands and lines that doc/install.md and doc/webmail.md show, followed word for word in the server in
# $WORK/site. Sourced by the programs `run` of tests/packages and tests/sites.

# All blocks of shell commands of a kind, as one; a kind is the word behind "```sh".
shell_blocks() { # DOCUMENT [KIND]
	awk -v kind="${2:-}" '
		/^ *```sh/ { is_inside = 1; is_wanted = $2 == kind; indent = index($0, "`"); next }
		/^ *```$/ { is_inside = 0 }
		is_inside && is_wanted { print substr($0, indent) }' "$SOURCE/$1"
}

# Runs commands from standard input in the server, in a folder. The first that fails is the last.
follow() { # [FOLDER]
	cat >"$WORK/site/packages/commands"
	[ -s "$WORK/site/packages/commands" ]
	inside env -C "${1:-/root}" bash -ex /packages/commands
}

# Lines of a file that the document shows, as they stand there.
shown_lines() { # DOCUMENT REGEX
	sed -nE "s/^    ($2)\$/\1/p" "$SOURCE/$1"
}

set_auth_mechanisms() { # VALUE
	inside sed -i "s/^#\?auth_mechanisms = .*/auth_mechanisms = $1/" /etc/dovecot/conf.d/10-auth.conf
}

# A certificate for the name that the documents use; /etc/hosts has it, too.
make_certificate() {
	inside openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=portal.example.com \
		-keyout /etc/ssl/private/portal.example.com.key -out /etc/ssl/certs/portal.example.com.pem
	echo "127.0.0.1 portal.example.com" >>"$WORK/site/etc/hosts"
}

from_browser() { # PATH [OPTION ...] of curl; prints the answer's code
	local path=$1
	shift
	inside curl -sS -k -o /dev/stderr -w '%{response_code}' "$@" "https://portal.example.com$path"
}

# The folder with the configuration of the Roundcube that signs in at the portal; a site may have another one.
ROUNDCUBE=/etc/roundcube

has_roundcube() { inside test -e /usr/share/roundcube; }

# Where Roundcube is not installed, it has the folders of its Debian package.
set_up_portal() {
	make_certificate
	has_roundcube || inside mkdir -p /etc/roundcube /var/lib/roundcube/plugins
	shown_lines doc/webmail.md '(portal_url|webmail_url|mail_from|doveadm_[a-z_]+) = ".*"' >>"$WORK/site/etc/postlatch/policy.conf"
	set_auth_mechanisms "$(shown_lines doc/webmail.md 'auth_mechanisms = .*' | sed 's/.*= //')"
	{ shell_blocks doc/webmail.md; shell_blocks doc/webmail.md nginx; } | sed "s|/etc/roundcube|$ROUNDCUBE|g" | follow
}

# Lines that the document shows for the end of a Roundcube's configuration.
roundcube_hosts() { shown_lines doc/webmail.md "\\\$config\\['smtp_[a-z_]+'\\] = .*"; }
roundcube_include() { shown_lines doc/webmail.md 'include .*'; }

# Its configuration without the line, and what is no longer used.
remove_from_roundcube() {
	if has_roundcube; then
		inside sed -i '/postlatch.inc.php/d' "$ROUNDCUBE/config.inc.php"
		inside sh -c "rm -r $ROUNDCUBE/postlatch.* /var/lib/roundcube/plugins/postlatch"
	else
		inside rm -r /etc/roundcube /var/lib/roundcube
	fi
}

remove_as_documented() {
	set_auth_mechanisms "plain login"
	remove_from_roundcube
	inside rm /etc/nginx/sites-enabled/postlatch-portal.conf
	shell_blocks doc/install.md removing | follow
	inside systemctl reload nginx
	inside apt-get remove -y "${PACKAGES[@]}"
}
