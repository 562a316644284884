# shellcheck shell=bash
# The mail server that the packages come to, and what members and its operator do there. Sourced by run.

# Dovecot and Postfix as they were before Postlatch, with three members.
make_site() {
	local site=$WORK/site name
	make_root "$RELEASE" postfix dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-managesieved || return 1
	cp -r "$WORK/packages" "$site/packages"
	chroot "$site" useradd --system --create-home --home-dir /var/vmail vmail
	# "Local only" has no way out; here mail for elsewhere may wait in the queue.
	chroot "$site" make-ssl-cert generate-default-snakeoil
	chroot "$site" postconf -e default_transport=smtp virtual_mailbox_domains=example.test \
		smtpd_tls_cert_file=/etc/ssl/certs/ssl-cert-snakeoil.pem smtpd_tls_key_file=/etc/ssl/private/ssl-cert-snakeoil.key
	sed -i 's/^!include auth-system/#&/' "$site/etc/dovecot/conf.d/10-auth.conf"
	cp "$HERE/dovecot-$(dovecot_release "$site").conf" "$site/etc/dovecot/conf.d/99-site.conf"
	for name in plain owner off; do
		echo "$name@example.test:pass-$name::::::"
	done >"$site/etc/dovecot/members"
	download_dependencies
}

install_packages() { # old|new [OPTION ...]
	local which=$1
	shift
	inside sh -c 'folder=$1; shift; apt-get install -y --allow-downgrades "$@" /packages/$folder/*.deb' sh "$which" "$@"
}

# Links to all fragments for Dovecot.
link_fragments() { inside sh -c 'ln -sf /usr/share/postlatch/conf.d/dovecot/*.conf /etc/dovecot/conf.d/'; }

# What came with them, also if a package suggests or recommends it that was there before.
remove_unused() {
	inside apt-get autoremove -y --purge -o APT::AutoRemove::SuggestsImportant=false -o APT::AutoRemove::RecommendsImportant=false
}

# A member's login with the account password; the server's words are on standard error.
login() { # imap|pop3 MEMBER [PASSWORD]
	inside curl -sS -v "$1://127.0.0.1/" -u "$2@example.test:${3:-pass-$2}" >/dev/null
}

# A Sieve redirect of a member's, at the listener for members whose forwarding is off; prints the last answer's code.
redirect() {
	# shellcheck disable=SC2016 # the inner shell expands them
	inside sh -c 'printf "X-Sieve-Redirected-From: %s\r\n\r\nwords\r\n" "$1" | curl -sS -w "%{response_code}" \
		--mail-from "$1" --mail-rcpt out@elsewhere.example -T - smtp://127.0.0.1:10589' sh "$1@example.test" || true
}

# A message comes in for a member, whose own script redirects it.
deliver_to_redirect() { # MEMBER ONWARD
	local home=/var/vmail/$1@example.test
	inside install -d -o vmail -g vmail "$home"
	inside sh -c "echo 'redirect \"$2\";' >$home/.dovecot.sieve && chown vmail:vmail $home/.dovecot.sieve"
	/usr/bin/python3 -c '
import smtplib, sys
with smtplib.LMTP(sys.argv[1]) as lmtp:
    lmtp.sendmail("writer@elsewhere.example", sys.argv[2], "Subject: words\r\n\r\nwords\r\n")' \
		"/proc/$LEADER/root/run/dovecot/lmtp" "$1@example.test"
}

# Succeeds when Postfix has mail for this address, which it may get a little later.
queued() { # RECIPIENT
	local deadline=$((SECONDS + 60))
	until inside postqueue -j | grep -F "\"address\": \"$1\""; do
		[ $SECONDS -lt $deadline ] || { inside postqueue -j; return 1; }
		sleep 0.5
	done
}

# As an operator does who has removed Postlatch, and has not run `postlatch setup --undo` before.
take_lines_out_of_postfix() {
	inside postconf -X postlatch_milter smtpd_sasl_type smtpd_sasl_path forward_path
	inside postconf -MX submission/inet 127.0.0.1:10589/inet postlatch-redirect/unix
	inside postfix reload
}

# A message of a member's who signs in with the account password; prints the last answer's code.
submit() { # MEMBER
	# shellcheck disable=SC2016 # the inner shell expands them
	inside sh -c 'printf "Subject: words\r\n\r\nwords\r\n" | curl -sS -w "%{response_code}" -u "$1:$2" \
		--mail-from "$1" --mail-rcpt out@elsewhere.example -T - smtp://127.0.0.1:587' \
		sh "$1@example.test" "pass-$1" || true
}

portal() { # PATH [OPTION ...] of curl; prints the answer's code
	local path=$1
	shift
	inside curl -sS -o /dev/stderr -w '%{response_code}' --unix-socket /run/postlatch/portal.sock "$@" \
		"http://portal.example.test$path"
}

pid_of() { inside systemctl show --property MainPID --value "$1"; }

new_files() { comm -13 "$WORK/files.before" <(list_files | sort -u); }
