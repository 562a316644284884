# shellcheck shell=bash
# The last version as servers have it, built from the commit in the file last_version: with members, factors and
# sessions of its own it is upgraded while logins go on, and brought back as doc/operations.md says. Sourced by run.

LAST_VERSION=$(<"$HERE/last_version")

last_version_steps=(
	the_last_version_is_in_use
	logins_go_on_while_it_is_upgraded
	what_it_has_recorded_is_there
	the_document_brings_it_back
	what_it_had_recorded_is_there_again
	it_is_upgraded_once_more
	it_leaves_nothing_behind
)

# Once is enough: what differs between Debian's releases is in the other steps.
has_last_version() {
	[ "$RELEASE" = bookworm ] || return 1
	git -C "$SOURCE" -c safe.directory='*' cat-file -e "$LAST_VERSION^{commit}" 2>/dev/null && return 0
	[ -n "${said_why:-}" ] || echo "skip the last version: its commit $LAST_VERSION is not in this repository"
	said_why=yes
	return 1
}

test_the_last_version_is_built() {
	mkdir -p "$WORK/build/last/postlatch"
	git -C "$SOURCE" -c safe.directory='*' archive "$LAST_VERSION" | tar -C "$WORK/build/last/postlatch" -xf -
	build_packages /last last
}

version_of() { # PACKAGE-FILE ...
	dpkg-deb --field "$1" Version
}

schema() { inside postlatch --json db status | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["version"])'; }

# But that no web server stands in front of the portal here.
nothing_is_wrong() {
	equal faults "$(inside postlatch check | grep '^fault' | cut -c 1-48)" "fault    portal    nothing answers at portal_url"
}

# The policy file has lines of the operator, and stays.
upgrade() { install_packages new -o Dpkg::Options::=--force-confold; }

# A session of webmail goes as far as the question for the code.
asks_for_a_code() {
	sign_in plain pass-plain 2>&1 | grep -o '"next": *"code"'
}

test_the_last_version_is_in_use() {
	fails equal "the version" "$(version_of "$WORK"/packages/last/postlatch-common_*.deb)" \
		"$(version_of "$WORK"/packages/new/postlatch-common_*.deb)"
	install_packages last
	rm -f "$WORK"/site/etc/dovecot/conf.d/*postlatch*
	git -C "$SOURCE" -c safe.directory='*' show "$LAST_VERSION:debian/README.Debian" |
		sed -n '/^Upgrades$/q; s/^      //p' >"$WORK/site/packages/steps"
	inside sh -ex /packages/steps
	inside sed -i 's|^#portal_url = .*|portal_url = "https://portal.example.test"|' /etc/postlatch/policy.conf
	inside cp /usr/share/postlatch/conf.d/dovecot/06-postlatch-portal.conf /etc/dovecot/conf.d/
	inside systemctl restart dovecot
	inside systemctl enable --now postlatch-portal
	/usr/bin/python3 "$HERE/../container/register.py" "/proc/$LEADER/root/run/postlatch/portal.sock" plain@example.test pass-plain
	asks_for_a_code
	inside postlatch app-password create plain@example.test --label phone | head -n 1 >"$WORK/app-password"
	inside postlatch member add owner@example.test
	inside postlatch member add off@example.test
	inside postlatch member set owner@example.test pop3=off
	inside postlatch member set off@example.test imap=off
	login imap plain "$(<"$WORK/app-password")"
	fails login pop3 owner
	fails login imap off
	schema >"$WORK/last-schema"
	inside postlatch member list >"$WORK/last-members"
}

# Knocks all the time, and counts the answers: a word for each login.
knock() { # FILE
	inside /usr/bin/env LOGIN_WITH="$(<"$WORK/app-password")" sh -c '
		try() { # WORD NAME PASSWORD
			said=$(curl -sS -v --max-time 20 imap://127.0.0.1/ -u "$2@example.test:$3" 2>&1 >/dev/null) && answer=in || case $said in
				*AUTHENTICATIONFAILED*) answer=wrong ;;
				*UNAVAILABLE* | *"Failed to connect"* | *"refused"* | *"reset"* | *BYE* | *"Login denied"*) answer=later ;;
				*) answer="?" ;;
			esac
			echo "$(date +%s.%N) $1 $answer"
			[ "$answer" = in ] || echo "$said" | tail -n 5 >&2
		}
		# Whoever is wrong has to wait, and those who are right go on meanwhile.
		while [ ! -e /packages/enough ]; do
			try guess plain wrong
			try off off pass-off
		done &
		while [ ! -e /packages/enough ]; do
			try password plain pass-plain
			try app-password plain "$LOGIN_WITH"
			sleep 0.1
		done
		wait' >"$1"
}

# Nobody is let in who may not, and nobody is told that a right password is wrong. How long it was is noted.
count_knocks() { # FILE
	/usr/bin/python3 - "$1" <<'END'
import collections, sys
rows = [line.split() for line in open(sys.argv[1])]
counts = collections.Counter((who, answer) for _, who, answer in rows)
print(dict(counts))
good = sorted(float(at) for at, who, answer in rows if answer == "in")
print("longest time without a login: %.1f s" % max(b - a for a, b in zip(good, good[1:])))
assert set(counts) <= {(who, answer) for who in ("password", "app-password") for answer in ("in", "later")} | {
    (who, answer) for who in ("guess", "off") for answer in ("wrong", "later")}, counts
assert counts["password", "in"] > 5 and counts["app-password", "in"] > 5 and counts["guess", "wrong"] > 1, counts
END
}

# While the command runs.
with_knocks() { # COMMAND ...
	local knocking
	rm -f "$WORK/site/packages/enough"
	knock "$WORK/knocks" &
	knocking=$!
	sleep 5
	"$@" || return 1
	sleep 5
	touch "$WORK/site/packages/enough"
	wait $knocking
	count_knocks "$WORK/knocks"
}

test_logins_go_on_while_it_is_upgraded() {
	with_knocks upgrade
	fails [ "$(schema)" = "$(<"$WORK/last-schema")" ]
	nothing_is_wrong
}

test_what_it_has_recorded_is_there() {
	inside postlatch member list | cut -f 1 | diff - <(cut -f 1 "$WORK/last-members")
	asks_for_a_code
	fails login pop3 owner
	fails login imap off
	inside postlatch db verify
}

test_the_document_brings_it_back() {
	inside postlatch member set owner@example.test pop3=on
	inside postlatch app-password create plain@example.test --label later | head -n 1 >"$WORK/later-password"
	login imap plain "$(<"$WORK/later-password")"
	mkdir -p "$WORK/site/root/older"
	cp "$WORK"/packages/last/*.deb "$WORK/site/root/older"
	shell_blocks doc/operations.md back | follow /root
	equal "the version" "$(inside dpkg-query -Wf '${Version}' postlatch-common)" \
		"$(version_of "$WORK"/packages/last/postlatch-common_*.deb)"
	equal "left to do" "$(inside dpkg --audit)" ""
	equal "the database" "$(schema)" "$(<"$WORK/last-schema")"
	nothing_is_wrong
}

test_what_it_had_recorded_is_there_again() {
	local unit
	diff <(inside postlatch member list) "$WORK/last-members"
	for unit in dovecot postlatch-milter postlatch-sasl-relay postlatch-portal postlatch-sender; do inside systemctl is-active $unit; done
	asks_for_a_code
	login imap plain "$(<"$WORK/app-password")"
	fails login imap plain "$(<"$WORK/later-password")"
	fails login pop3 owner
	fails login imap off
}

test_it_is_upgraded_once_more() {
	upgrade
	login imap plain "$(<"$WORK/app-password")"
	asks_for_a_code
	nothing_is_wrong
}

test_it_leaves_nothing_behind() {
	inside rm -f /etc/dovecot/conf.d/06-postlatch-portal.conf
	inside apt-get purge -y "${PACKAGES[@]}"
	remove_unused
	inside rm -r /etc/postlatch /var/lib/postlatch /root/older /root/newer
	equal "what is left" "$(new_files)" ""
}
