# shellcheck shell=bash
# The server's life once more, with nothing but the commands of doc/install.md and doc/webmail.md. Sourced by run.

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

test_the_document_sets_up_the_portal() {
	set_up_portal
	# The certificate is its own authority.
	inside env SSL_CERT_FILE=/etc/ssl/certs/portal.example.com.pem postlatch check
	equal "the account page" "$(from_browser /account)" 200
	equal "the right password" "$(from_browser /api/sign-in -H 'Content-Type: application/json' \
		-H 'Origin: https://portal.example.com' -d '{"user": "owner@example.test", "password": "pass-owner"}')" 200
	equal "the secret of Roundcube" "$(inside stat -c '%a %U %G' /etc/roundcube/postlatch.secret)" "640 root www-data"
	inside test -e /var/lib/roundcube/plugins/postlatch
}

test_the_document_removes_it() {
	remove_as_documented
	equal "what setup has left in Postfix" "$(inside sh -c 'cat /etc/postfix/main.cf /etc/postfix/master.cf' | cksum)" \
		"$(cat "$WORK/postfix.before")"
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
	in_build env -C /src/source PATH=/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin MAKEFLAGS="-j$(nproc)" CFLAGS=-O0 \
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
