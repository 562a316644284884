# shellcheck shell=bash
# What happens to the mail server, in this order. Sourced by run.

steps=(
	installing_changes_no_login
	no_package_makes_a_database
	folders_have_their_owners
	the_steps_of_the_readme_switch_it_on
	the_check_finds_no_fault
	the_driver_decides_on_logins
	forwards_stop_where_forwarding_is_off
	the_relay_tells_postfix_of_an_outage
	the_portal_signs_members_in
	the_sender_tells_members_by_mail
	units_can_do_little
	an_upgrade_migrates_the_database
	an_upgrade_keeps_a_copy
	an_upgrade_restarts_what_runs
	an_upgrade_keeps_members_and_policy
	an_upgrade_restarts_dovecot_before_triggers
	a_damaged_database_stops_an_upgrade_until_it_is_mended
	dovecot_starts_without_any_one_package
	redirects_go_on_without_the_milter
	removing_leaves_every_login_to_the_own_passdb
	removing_keeps_what_the_operator_has
	purging_keeps_database_and_keys_alone
	a_fragment_of_the_operator_must_go_first
	packages_come_back_where_all_was_deleted
	an_upgrade_goes_in_any_order
	nothing_is_left_of_packages_that_were_never_used
)
document_steps=(
	the_document_installs_the_packages
	the_document_switches_them_on
	the_document_sets_up_the_portal
	the_document_removes_it
	the_document_builds_from_source
	the_document_installs_from_source
)

test_installing_changes_no_login() {
	list_files | sort -u >"$WORK/files.before"
	login imap plain
	install_packages old
	login imap plain
	inside systemctl is-active postlatch-milter
	equal "the portal" "$(inside systemctl is-enabled postlatch-portal || true)" disabled
	equal "failed units" "$(inside systemctl list-units --failed --plain --no-legend 'postlatch*')" ""
}

test_no_package_makes_a_database() {
	install_packages old --reinstall
	equal "what is there" "$(inside find /etc/postlatch /var/lib/postlatch /var/backups -name '*postlatch*' -o -name '*.key' -o -name '*.db')" \
		$'/etc/postlatch\n/var/lib/postlatch'
}

test_folders_have_their_owners() {
	equal folders "$(inside stat -c '%a %U %G %n' /etc/postlatch /var/lib/postlatch /var/lib/postlatch-files /var/spool/postfix/postlatch \
		/var/spool/postfix/postlatch-sasl)" \
		"750 root postlatch /etc/postlatch
2770 root postlatch /var/lib/postlatch
2771 root postlatch /var/lib/postlatch-files
2750 postlatch-milter postfix /var/spool/postfix/postlatch
2750 postlatch-sasl-relay postfix /var/spool/postfix/postlatch-sasl"
}

# The commands of its first section, as they stand there.
test_the_steps_of_the_readme_switch_it_on() {
	sed -n '/^Upgrades$/q; s/^      //p' "$SOURCE/debian/README.Debian" >"$WORK/site/packages/steps"
	grep -q 'db init' "$WORK/site/packages/steps"
	inside sh -ex /packages/steps
	equal keys "$(inside stat -c '%a %U %G %n' /etc/postlatch/verify.key /etc/postlatch/seal.key \
		/etc/postlatch/outbox.key)" \
		"640 root postlatch /etc/postlatch/verify.key
640 root postlatch-portal /etc/postlatch/seal.key
640 root postlatch-sender /etc/postlatch/outbox.key"
}

test_the_check_finds_no_fault() {
	inside postlatch check
}

test_the_driver_decides_on_logins() {
	local app_password
	login imap plain
	app_password=$(inside postlatch app-password create plain@example.test | head -n 1)
	login imap plain "$app_password"
	login pop3 plain
	inside postlatch member set plain@example.test pop3=off
	fails login pop3 plain
	inside postlatch member set plain@example.test client_password=never
	fails login imap plain
	login imap plain "$app_password"
}

test_forwards_stop_where_forwarding_is_off() {
	equal "at the listener" "$(redirect plain)" 550
	inside postlatch member set plain@example.test forwarding=off
	deliver_to_redirect plain while-off@elsewhere.example
	inside postlatch member set plain@example.test forwarding=on
	deliver_to_redirect plain while-on@elsewhere.example
	queued while-on@elsewhere.example
	fails inside sh -c 'postqueue -j | grep -F while-off@elsewhere.example'
}

# Without TLS, for which there is no certificate here.
test_the_relay_tells_postfix_of_an_outage() {
	local deadline=$((SECONDS + 60))
	inside postconf -P submission/inet/smtpd_tls_security_level=none
	inside postfix reload
	inside postlatch member set plain@example.test client_password=always
	equal "a member's mail" "$(submit plain)" 250
	inside systemctl stop dovecot
	# Its auth process outlives the master by a moment.
	while inside pgrep -x auth && [ $SECONDS -lt $deadline ]; do sleep 0.2; done
	equal "without Dovecot" "$(submit plain)" 454
	inside systemctl start dovecot
	equal "with Dovecot again" "$(submit plain)" 250
}

test_the_portal_signs_members_in() {
	fails inside systemctl start postlatch-portal
	inside sed -i 's|^#portal_url = .*|portal_url = "https://portal.example.test"|' /etc/postlatch/policy.conf
	make_introspection_url
	inside cp /usr/share/postlatch/conf.d/dovecot/06-postlatch-portal.conf /etc/dovecot/conf.d/
	inside systemctl restart dovecot
	inside systemctl enable --now postlatch-portal
	equal "the first page" "$(portal /)" 200
	equal "a wrong password" "$(sign_in plain wrong)" 401
	equal "the right password" "$(sign_in plain pass-plain)" 200
}

# Postfix's sendmail runs under the restrictions of the sender's unit, which has started with the portal's.
test_the_sender_tells_members_by_mail() {
	inside systemctl is-active postlatch-sender
	/usr/bin/python3 "$HERE/../container/register.py" "/proc/$LEADER/root/run/postlatch/portal.sock" plain@example.test pass-plain
	queued plain@example.test
	inside postcat -q "$(inside postqueue -j | /usr/bin/python3 -c '
import json, sys
print([mail["queue_id"] for mail in map(json.loads, sys.stdin) if "plain@example.test" in
       [recipient["address"] for recipient in mail["recipients"]]][-1])')" | grep -i '^Subject: '
	inside postlatch totp reset plain@example.test
}

# By systemd's own account, in tenths of 10 points. The command that sets a password gives files back to their owners,
# and Postfix's set-group-id postdrop, which queues what the sender sends, does not work without the right to be that.
test_units_can_do_little() {
	local unit most
	while read -r unit most; do
		inside systemd-analyze security --no-pager --threshold="$most" "postlatch-$unit.service"
	done <<-'END'
		milter 19
		sasl-relay 19
		portal 19
		password 20
		sender 21
	END
}

# Dovecot 2.4 wants it, as its fragment says.
make_introspection_url() {
	[ "$(dovecot_release "$WORK/site")" != 2.3 ] || return 0
	# shellcheck disable=SC2016 # the inner shell expands them
	inside sh -ec 'secret=$(postlatch client add dovecot --introspection | head -n 1)
		printf "http://dovecot:%s@127.0.0.1:10590/oauth2/introspect" "$secret" >/etc/postlatch/introspection.url'
}

sign_in() { # MEMBER PASSWORD
	portal /api/sign-in -H 'Content-Type: application/json' -H 'Origin: https://portal.example.test' \
		-d "{\"user\": \"$1@example.test\", \"password\": \"$2\"}"
}

# The server's database becomes one that an older version has left: three members, and version 2.
put_older_database() {
	local database=$WORK/site/var/lib/postlatch/postlatch.db
	inside systemctl stop dovecot postlatch-milter postlatch-portal postlatch-sender
	rm "$database"*
	cat "$SOURCE"/tests/data/schema-[12].sql | /usr/bin/python3 -c '
import sqlite3, sys
sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read() + "PRAGMA journal_mode = WAL;")' "$database"
	inside chown root:postlatch /var/lib/postlatch/postlatch.db
	inside chmod 660 /var/lib/postlatch/postlatch.db
	inside systemctl start dovecot postlatch-milter postlatch-portal
}

test_an_upgrade_migrates_the_database() {
	put_older_database
	fails inside postlatch member list
	fails login imap plain 2>&1 | tee /dev/stderr | grep UNAVAILABLE
	for unit in dovecot postlatch-milter postlatch-sasl-relay postlatch-portal postlatch-sender; do pid_of $unit; done >"$WORK/pids.before"
	install_packages new
	inside postlatch member list
	inside postlatch --json db status | tee /dev/stderr | /usr/bin/python3 -c '
import json, sys
status = json.load(sys.stdin)
assert status["version"] == status["program_version"] > 2 and status["members"] == 3, status'
}

test_an_upgrade_keeps_a_copy() {
	local copies=("$WORK"/site/var/backups/postlatch/*)
	equal copies "${#copies[@]}" 1
	[[ ${copies[0]} = */0.0.9-1-*.db ]]
	equal mode "$(stat -c %a "${copies[0]}" "${copies[0]%/*}" | tr '\n' ' ')" "600 700 "
	equal version "$(/usr/bin/python3 -c '
import sqlite3, sys
print(*sqlite3.connect(sys.argv[1]).execute("SELECT MAX(version) FROM schema_history").fetchone())' "${copies[0]}")" 2
}

test_an_upgrade_restarts_what_runs() {
	local unit before
	while read -r unit before; do
		inside systemctl is-active "$unit"
		fails [ "$(pid_of "$unit")" = "$before" ]
	done < <(printf '%s\n' dovecot postlatch-milter postlatch-sasl-relay postlatch-portal postlatch-sender | paste -d ' ' - "$WORK/pids.before")
}

test_an_upgrade_keeps_members_and_policy() {
	login imap plain
	fails login imap owner
	login pop3 owner
	fails login imap off
	inside grep -q '^portal_url = "https://portal.example.test"' /etc/postlatch/policy.conf
	equal "sign-in" "$(sign_in plain pass-plain)" 200
	equal "a redirect" "$(redirect plain)" 550
}

# As when apt configures other packages in between, or fails at one of them.
test_an_upgrade_restarts_dovecot_before_triggers() {
	local before
	before=$(pid_of dovecot)
	inside sh -c 'dpkg --no-triggers -i /packages/new/*.deb'
	# shellcheck disable=SC2016 # dpkg-query expands it
	equal "its trigger" "$(inside dpkg-query -Wf '${db:Status-Status}' dovecot-core)" triggers-pending
	fails [ "$(pid_of dovecot)" = "$before" ]
	login imap plain
	inside dpkg --configure --pending
	login imap plain
}

test_a_damaged_database_stops_an_upgrade_until_it_is_mended() {
	local database=/var/lib/postlatch/postlatch.db
	inside systemctl stop dovecot postlatch-milter postlatch-portal postlatch-sender
	inside sh -c "mv $database /root/sound; rm -f $database-*; head -c 8192 /dev/zero >$database"
	fails install_packages new --reinstall
	inside mv /root/sound $database
	inside systemctl start dovecot
	inside dpkg --configure -a
	inside systemctl start postlatch-milter postlatch-portal
	login imap plain
	equal "left to do" "$(inside dpkg --audit)" ""
}

# Each is removed alone. What the policy refuses is in when the driver is the one.
test_dovecot_starts_without_any_one_package() {
	local package
	for package in dovecot-postlatch postlatch-milter postlatch-portal; do
		link_fragments
		inside systemctl restart dovecot
		fails login imap owner
		inside apt-get remove -y $package
		inside systemctl restart dovecot
		login imap plain
		[ $package != dovecot-postlatch ] || login imap owner
		install_packages new
	done
	link_fragments
	inside cp --remove-destination /usr/share/postlatch/conf.d/dovecot/06-postlatch-portal.conf /etc/dovecot/conf.d/
	inside systemctl restart dovecot
}

# Dovecot is not restarted by hand: redirects go the new way from the removal on.
test_redirects_go_on_without_the_milter() {
	inside postlatch member set plain@example.test forwarding=on
	deliver_to_redirect plain with-milter@elsewhere.example
	queued with-milter@elsewhere.example
	inside cp -a /etc/postfix /root/postfix
	inside postlatch setup --undo
	inside postfix reload
	inside apt-get remove -y postlatch-milter
	deliver_to_redirect plain without-milter@elsewhere.example
	queued without-milter@elsewhere.example
	inside sh -c 'rm -r /etc/postfix && mv /root/postfix /etc/postfix'
	inside postfix reload
	install_packages new
	inside sh -c 'cd /etc/dovecot/conf.d && ln -s /usr/share/postlatch/conf.d/dovecot/07-* .'
	inside systemctl restart dovecot
}

test_removing_leaves_every_login_to_the_own_passdb() {
	inside apt-get remove -y "${PACKAGES[@]}" 2>&1 | tee /dev/stderr | grep '^postlatch-milter: Postfix still asks'
	inside systemctl is-active dovecot
	login imap owner
	login imap plain
	fails inside pgrep -l postlatch
}

test_removing_keeps_what_the_operator_has() {
	remove_unused
	equal "what is left" "$(new_files | grep -v '/systemd/\|introspection.url' | sed 's/-[0-9T]*\.db$/-TIME.db/')" \
		"/etc/dovecot/conf.d/06-postlatch-portal.conf
/etc/postlatch
/etc/postlatch/outbox.key
/etc/postlatch/policy.conf
/etc/postlatch/seal.key
/etc/postlatch/verify.key
/var/backups/postlatch
/var/backups/postlatch/0.0.9-1-TIME.db
/var/lib/postlatch
/var/lib/postlatch-files
/var/lib/postlatch/postlatch.db
/var/spool/postfix/postlatch
/var/spool/postfix/postlatch-sasl"
}

test_purging_keeps_database_and_keys_alone() {
	inside rm -f /etc/dovecot/conf.d/06-postlatch-portal.conf /etc/postlatch/introspection.url
	inside apt-get purge -y "${PACKAGES[@]}" | tee /dev/stderr | grep '/var/lib/postlatch is kept'
	equal "what is left" "$(new_files)" "/etc/postlatch
/etc/postlatch/outbox.key
/etc/postlatch/seal.key
/etc/postlatch/verify.key
/var/lib/postlatch
/var/lib/postlatch/postlatch.db"
}

test_a_fragment_of_the_operator_must_go_first() {
	local fragment=/etc/dovecot/conf.d/05-postlatch.conf own
	install_packages new
	for own in $fragment /root/05.conf; do
		inside cp /usr/share/postlatch/conf.d/dovecot/05-postlatch.conf "$own"
		[ "$own" = $fragment ] || inside ln -s "$own" $fragment
		inside systemctl restart dovecot
		fails inside apt-get remove -y "${PACKAGES[@]}"
		inside systemctl restart dovecot
		login imap plain
		inside rm -f $fragment "$own"
	done
	inside systemctl restart dovecot
	inside apt-get remove -y "${PACKAGES[@]}"
	login imap plain
}

test_packages_come_back_where_all_was_deleted() {
	inside rm -r /var/lib/postlatch /etc/postlatch
	install_packages new
	login imap plain
}

# Files have moved between the packages, and the one that has lost them may be the last to come.
test_an_upgrade_goes_in_any_order() {
	inside apt-get purge -y "${PACKAGES[@]}"
	install_packages old
	inside sh -c 'dpkg --auto-deconfigure --unpack /packages/new/postlatch-*.deb'
	inside sh -c 'dpkg --unpack /packages/new/dovecot-postlatch_*.deb'
	inside dpkg --configure --pending
	equal "left to do" "$(inside dpkg --audit)" ""
	inside test -e /usr/share/postlatch/conf.d/dovecot/05-postlatch.conf
}

test_nothing_is_left_of_packages_that_were_never_used() {
	inside apt-get purge -y "${PACKAGES[@]}"
	install_packages new
	inside apt-get purge -y "${PACKAGES[@]}"
	remove_unused
	equal "what is left" "$(new_files)" ""
}
