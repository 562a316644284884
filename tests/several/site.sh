# shellcheck shell=bash
# The commands and files of doc/several-machines.md, put on the machines that it names. Sourced by run.

DOCUMENT=doc/several-machines.md

steps=(
	machines_run
	the_document_makes_the_database
	mail_servers_run
	the_document_installs_the_first_front_end
	the_document_installs_the_second_front_end
	the_document_puts_haproxy_in_front
	the_check_is_silent
)

# The lines of a file that the document shows behind its name, with what stands for the machine's own.
shown_file() { # PATH NAME
	awk -v path="$1" '
		index($0, path) { is_named = 1 }
		is_named && /^    / { is_shown = 1; print substr($0, 5); next }
		is_shown { exit }' "$SOURCE/$DOCUMENT" | sed "s/NAME/$2/g; s/ADDRESS/$(address_of "$2")/g" | filled
}

# Blocks of a kind, on a machine.
follow_on() { # NAME DOCUMENT [KIND]
	shell_blocks "$2" "${3:-}" | run_on "$1"
}

run_on() { # NAME: commands are on standard input
	cat >"$WORK/$1/site/packages/commands"
	[ -s "$WORK/$1/site/packages/commands" ]
	on "$1" env -C /packages/new bash -ex /packages/commands
}

filled() { tee "$WORK/filled" && [ -s "$WORK/filled" ]; }

put() { # NAME PATH [MODE OWNER]
	mkdir -p "$(dirname "$WORK/$1/site$2")"
	shown_file "$2" "$1" >"$WORK/$1/site$2"
	[ -z "${3:-}" ] || on "$1" install -m "$3" -o "$4" "$2" "$2.new"
	[ -z "${3:-}" ] || on "$1" mv "$2.new" "$2"
}

within() { # SECONDS COMMAND ...
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $deadline ] || return 1
		sleep 0.5
	done
}

test_machines_run() {
	local machine started=()
	make_network
	make_authority
	mkdir -p "$WORK/mailboxes"
	for machine in "${machines[@]}"; do
		# shellcheck disable=SC2086 # three words
		make_machine $machine
	done
	for machine in "${machines[@]}"; do
		start_machine "${machine%% *}" &
		started+=($!)
	done
	for machine in "${started[@]}"; do wait "$machine"; done
}

# Names of the database servers that are running in a role, or fails.
servers() { # ROLE
	on db1 patronictl -c /etc/patroni/config.yml list -f json | /usr/bin/python3 -c '
import json, sys
names = [row["Member"] for row in json.load(sys.stdin) if row["Role"] == sys.argv[1] and row["State"] in ("running", "streaming")]
print(*names)
sys.exit(not names)' "$1"
}

has_all_servers() { servers Leader && servers "Sync Standby" && servers Replica; }

test_the_document_makes_the_database() {
	local name
	for name in "${databases[@]}"; do follow_on "$name" "$DOCUMENT" database; done
	for name in "${databases[@]}"; do
		put "$name" /etc/default/etcd
		put "$name" /etc/patroni/config.yml 600 postgres
		cp "$WORK/$name/pem" "$WORK/$name/site/etc/patroni/server.pem"
		cp "$WORK/$name/key" "$WORK/$name/site/etc/patroni/server.key"
		on "$name" chown postgres /etc/patroni/server.pem /etc/patroni/server.key
		on "$name" chmod 600 /etc/patroni/server.key
		follow_on "$name" "$DOCUMENT" cluster
	done
	within 240 has_all_servers
	# psql asks for the password twice.
	{ shown_lines "$DOCUMENT" 'CREATE .*|\\password .*'; printf 'PASSWORD\nPASSWORD\n'; } | filled |
		on "$(servers Leader)" setsid -w su postgres -c 'psql -v ON_ERROR_STOP=1'
}

# Dovecot and Postfix as operators have them before Postlatch, with the certificates of the machines.
test_mail_servers_run() {
	local name site
	for name in "${fronts[@]}"; do
		site=$WORK/$name/site
		mkdir -p "$site/packages/site"
		cp -r "$SOURCE"/tests/sites/common/* "$HERE/make-mail-server" "$site/packages/site"
		cp "$WORK/$name/pem" "$site/etc/ssl/certs/portal.example.com.pem"
		cp "$WORK/$name/key" "$site/etc/ssl/private/portal.example.com.key"
		on "$name" bash -ex /packages/site/make-mail-server
	done
}

# What install.md and webmail.md leave to the operator in sentences.
mechanisms_by_hand() { # NAME
	on "$1" sed -i 's/^passdb {/&\n  mechanisms = plain login none/' /etc/dovecot/conf.d/auth-passwdfile.conf.ext /etc/dovecot/conf.d/99-site.conf
	on "$1" sed -i "s/^#\?auth_mechanisms = .*/$(shown_lines doc/webmail.md 'auth_mechanisms = .*')/" /etc/dovecot/conf.d/10-auth.conf
}

install_on() { # NAME
	mkdir "$WORK/$1/site/packages/new/source"
	shell_blocks doc/install.md packages | tail -n 1 | sed 's|\.\./|/packages/new/|' | run_on "$1"
}

let_out() { # NAME
	local unit
	for unit in portal sender; do
		mkdir -p "$WORK/$1/site/etc/systemd/system/postlatch-$unit.service.d"
		shown_file "systemctl edit postlatch-sender" "$1" >"$WORK/$1/site/etc/systemd/system/postlatch-$unit.service.d/override.conf"
	done
	on "$1" systemctl daemon-reload
}

test_the_document_installs_the_first_front_end() {
	install_on front1
	{
		shown_lines "$DOCUMENT" 'database = .*'
		shown_lines doc/webmail.md '(portal_url|webmail_url|mail_from|doveadm_key_file) = ".*"'
		shown_lines "$DOCUMENT" 'doveadm_url = .*'
	} >>"$WORK/front1/site/etc/postlatch/policy.conf"
	let_out front1
	mechanisms_by_hand front1
	shell_blocks doc/install.md | grep -vx 'postlatch check' | run_on front1
	follow_on front1 doc/webmail.md
	follow_on front1 "$DOCUMENT" first
	follow_on front1 doc/webmail.md nginx
	follow_on front1 "$DOCUMENT" front
	put front1 /etc/dovecot/conf.d/90-haproxy.conf
	on front1 systemctl restart dovecot
}

test_the_document_installs_the_second_front_end() {
	install_on front2
	cp "$WORK/front1/site/root/postlatch.tar" "$WORK/front2/site/root/"
	follow_on front2 "$DOCUMENT" other
	let_out front2
	mechanisms_by_hand front2
	shell_blocks doc/install.md | grep -vx 'postlatch check' | grep -v 'postlatch db init\|postlatch domain' | run_on front2
	shell_blocks doc/webmail.md | grep '^cp .*nginx' | run_on front2
	follow_on front2 doc/webmail.md nginx
	follow_on front2 "$DOCUMENT" front
	put front2 /etc/dovecot/conf.d/90-haproxy.conf
	on front2 systemctl restart dovecot
}

test_the_document_puts_haproxy_in_front() {
	on proxy apt-get install haproxy
	shown_file /etc/haproxy/haproxy.cfg proxy >>"$WORK/proxy/site/etc/haproxy/haproxy.cfg"
	on proxy haproxy -c -f /etc/haproxy/haproxy.cfg
	on proxy systemctl restart haproxy
	within 30 portal_answers
}

portal_answers() {
	ip netns exec "$NETWORK" curl -sS --cacert "$WORK/authority.pem" -o /dev/null -f --resolve "portal.example.com:443:$(address_of proxy)" \
		https://portal.example.com/health
}

test_the_check_is_silent() {
	on_each "${fronts[*]}" postlatch check
}
