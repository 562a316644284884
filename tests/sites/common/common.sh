# shellcheck shell=bash
# What the sites' make-site scripts have in common. They run in the site, whose
# Dovecot and Postfix are restarted after that.

cd "$(dirname "$0")" || exit

# Postfix serves the network, and mail for elsewhere goes to the machine's own port 2525 (see battery.py).
reach_elsewhere() { # HOSTNAME
	postconf -e "myhostname=$1" inet_interfaces=all inet_protocols=ipv4 default_transport=smtp relay_transport=smtp \
		'relayhost=[127.0.0.1]:2525' smtp_tls_security_level=none 'mydestination=$myhostname, localhost'
}

# AUTH on ports 25, 587 and 465, and Dovecot's socket for it.
accept_auth() { # whose line in 10-master.conf Debian has in a comment
	local options='-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject'
	postconf -e smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth smtpd_sasl_auth_enable=yes
	postconf -Me "submission/inet=submission inet n - y - - smtpd -o syslog_name=postfix/submission \
		-o smtpd_tls_security_level=encrypt $options" \
		"submissions/inet=submissions inet n - y - - smtpd -o syslog_name=postfix/submissions \
		-o smtpd_tls_wrappermode=yes $options"
	sed -i '/#unix_listener \/var\/spool\/postfix\/private\/auth {/,/}/ { s/#//; s/mode = 0666/&\n    user = postfix/ }' \
		/etc/dovecot/conf.d/10-master.conf
	sed -i 's/^#\?auth_mechanisms = .*/auth_mechanisms = plain login/' /etc/dovecot/conf.d/10-auth.conf
}

# Postfix hands mail to Dovecot's LMTP.
deliver_by_lmtp() {
	sed -i '/^service lmtp {/,/^}/ { s|unix_listener lmtp {|unix_listener /var/spool/postfix/private/dovecot-lmtp {|; s/#mode = 0666/user = postfix/ }' \
		/etc/dovecot/conf.d/10-master.conf
}

# A passwd-file of members who are no users of the system; each has the password pass-LOCALPART.
virtual_users() { # ADDRESS ...
	local address release
	release=$(dovecot --version | cut -c 1-3)
	deliver_by_lmtp
	useradd --system --create-home --home-dir /var/vmail vmail
	for address; do
		echo "$address:{PLAIN}pass-${address%@*}::::::" >>/etc/dovecot/users
		echo "$address x" >>/etc/postfix/mailboxes
	done
	chmod 640 /etc/dovecot/users
	chown root:dovecot /etc/dovecot/users
	postmap /etc/postfix/mailboxes
	postconf -e "virtual_mailbox_domains=$(printf '%s\n' "${@#*@}" | sort -u | paste -s -d ,)" \
		virtual_transport=lmtp:unix:private/dovecot-lmtp virtual_mailbox_maps=hash:/etc/postfix/mailboxes
	use_auth passwdfile
	cp "dovecot-$release"/* /etc/dovecot/conf.d/
}

# The name of a virtual user as people write it whose domain has letters of other languages. Postfix has the A-label.
written_as() { # ADDRESS NAME
	echo "$2:{PLAIN}pass-${1%@*}::::::user=$1" >>/etc/dovecot/users
	echo 'auth_username_chars =' >>/etc/dovecot/conf.d/99-site.conf
}

# Addresses that lead to others; the lines of a map are on standard input.
virtual_aliases() {
	cat >/etc/postfix/virtual
	postmap /etc/postfix/virtual
	postconf -e virtual_alias_maps=hash:/etc/postfix/virtual
}

use_auth() { # KIND of the file that is included for PAM's
	sed -i "s/^!include auth-system/#&/; s/^#!include auth-$1/!include auth-$1/" /etc/dovecot/conf.d/10-auth.conf
}
