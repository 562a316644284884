# shellcheck shell=bash
# The commands of doc/install.md and doc/webmail.md, followed word for word. Sourced by run.

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

# The packages were purged before, and what configures Postfix and Dovecot goes now: the server is as it was.
test_the_document_installs_the_packages() {
	take_lines_out_of_postfix
	inside sh -c 'rm -f /etc/dovecot/conf.d/*postlatch*'
	inside systemctl restart dovecot
	mkdir -p "$WORK/site/packages/new/source"
	shell_blocks doc/install.md packages | tail -n 1 | follow /packages/new/source
	rmdir "$WORK/site/packages/new/source"
	login imap plain
}

test_the_document_switches_them_on() {
	inside sh -c 'cat /etc/postfix/main.cf /etc/postfix/master.cf' | cksum >"$WORK/postfix.before"
	shell_blocks doc/install.md | follow
	login imap plain
	inside postlatch member set --add plain@example.test pop3=off
	fails login pop3 plain
	equal "with forwarding off" "$(redirect plain)" 550
}

# Roundcube itself is followed by tests/browser; here are the folders of its Debian package.
test_the_document_sets_up_the_portal() {
	make_certificate
	inside mkdir -p /etc/roundcube /var/lib/roundcube/plugins
	shown_lines doc/webmail.md '(portal_url|webmail_url|mail_from|doveadm_[a-z_]+) = ".*"' >>"$WORK/site/etc/postlatch/policy.conf"
	set_auth_mechanisms "$(shown_lines doc/webmail.md 'auth_mechanisms = .*' | sed 's/.*= //')"
	{ shell_blocks doc/webmail.md; shell_blocks doc/webmail.md nginx; } | follow
	# The certificate is its own authority.
	inside env SSL_CERT_FILE=/etc/ssl/certs/portal.example.com.pem postlatch check
	equal "the account page" "$(from_browser /account)" 200
	equal "the right password" "$(from_browser /api/sign-in -H 'Content-Type: application/json' \
		-H 'Origin: https://portal.example.com' -d '{"user": "owner@example.test", "password": "pass-owner"}')" 200
	equal "the secret of Roundcube" "$(inside stat -c '%a %U %G' /etc/roundcube/postlatch.secret)" "640 root www-data"
	inside test -e /var/lib/roundcube/plugins/postlatch
}

test_the_document_removes_it() {
	set_auth_mechanisms "plain login"
	inside rm -r /etc/nginx/sites-enabled/postlatch-portal.conf /etc/roundcube /var/lib/roundcube
	shell_blocks doc/install.md removing | follow
	equal "what setup has left in Postfix" "$(inside sh -c 'cat /etc/postfix/main.cf /etc/postfix/master.cf' | cksum)" \
		"$(cat "$WORK/postfix.before")"
	inside systemctl reload nginx
	inside apt-get remove -y "${PACKAGES[@]}"
	login imap plain
	login imap owner
	login pop3 plain
	fails inside pgrep -l postlatch
}

# The compiler is in the Debian in which the packages are built; what it has made comes to the server.
test_the_document_builds_from_source() {
	mkdir "$WORK/build/src/source"
	copy_source "$WORK/build/src/source"
	shell_blocks doc/install.md source | sed '/^make install$/d' >"$WORK/build/src/commands"
	grep -qx make "$WORK/build/src/commands"
	in_build env -C /src/source PATH=/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin MAKEFLAGS="-j$(nproc)" \
		CCACHE_DIR="/var/cache/postlatch/ccache/source-$RELEASE" bash -ex /src/commands
}

test_the_document_installs_from_source() {
	inside apt-get purge -y "${PACKAGES[@]}" # the libraries stay
	inside rm -rf /var/lib/postlatch /etc/postlatch
	mkdir -p "$WORK/site/src"
	cp -a "$WORK/build/src/source" "$WORK/site/src/source"
	# The headers that objects depend on are not here, and nothing is to be compiled again.
	find "$WORK/site/src/source" -name '*.Po' -exec truncate -s 0 {} +
	shell_blocks doc/install.md source | grep -x 'make install' | follow /src/source
	shell_blocks doc/install.md users | follow
	shell_blocks doc/install.md | follow
	login imap plain
	inside postlatch member set --add plain@example.test pop3=off
	fails login pop3 plain
	equal "with forwarding off" "$(redirect plain)" 550
}
