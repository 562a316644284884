# shellcheck shell=bash
# The machines of the site, each a container in $WORK/NAME with the address that doc/several-machines.md gives it, on a
# bridge that is a network of its own without a way out. Sourced by run.

# NAME ADDRESS TEMPLATE: of which Debian it is made.
machines=(
	"db1 192.0.2.11 node"
	"db2 192.0.2.12 node"
	"db3 192.0.2.13 node"
	"front1 192.0.2.1 mail"
	"front2 192.0.2.2 mail"
	"proxy 192.0.2.20 node"
)
databases=(db1 db2 db3)
fronts=(front1 front2)
: "${NETWORK:=postlatch-$$}"
CLIENTS=192.0.2.100

address_of() { printf '%s\n' "${machines[@]}" | sed -n "s/^$1 \([^ ]*\) .*/\1/p"; }

# Mail clients are in the network's own namespace, with addresses in 10.0.0.0/8.
make_network() {
	ip netns add "$NETWORK"
	ip -n "$NETWORK" link set lo up
	# A bridge without an address of its own takes another one whenever a machine comes or goes.
	ip -n "$NETWORK" link add bridge address 02:00:00:00:00:64 type bridge
	ip -n "$NETWORK" address add "$CLIENTS/24" dev bridge
	ip -n "$NETWORK" link set bridge up
	ip -n "$NETWORK" route add local 10.0.0.0/8 dev lo
}

# A Debian and the packages that commands of the document install: later there is no way to the archive.
make_template() { # NAME DOWNLOADS PACKAGE ...
	local root=$WORK/template-$1 downloads=$2
	shift 2
	"$SOURCE/tools/debian-root" bookworm "$root" systemd systemd-sysv dbus procps curl openssl ca-certificates "$@"
	echo 'APT::Get::Assume-Yes "true";' >"$root/etc/apt/apt.conf.d/tests"
	mkdir -p "$root/packages" "$root/etc/systemd/system.conf.d"
	printf '[Manager]\nDefaultStartLimitIntervalSec=0\n' >"$root/etc/systemd/system.conf.d/tests.conf"
	cp -r "$WORK/packages/new" "$root/packages/"
	"$SOURCE/tools/in-root" "$root" apt-get update -q
	"$SOURCE/tools/in-root" "$root" sh -c "DEBIAN_FRONTEND=noninteractive apt-get install -y --download-only $downloads"
	use_downloads "$root"
}

make_machine() { # NAME ADDRESS TEMPLATE
	local folder=$WORK/$1 machine name address
	mkdir -p "$folder"/{upper,work,site}
	mount_machine "$1" "$3"
	echo "$1" >"$folder/site/etc/hostname"
	{
		echo "127.0.0.1 localhost"
		for machine in "${machines[@]}"; do
			read -r name address _ <<<"$machine"
			echo "$address $name.example.com $name"
		done
		echo "$(address_of proxy) mail.example.com portal.example.com"
	} >"$folder/site/etc/hosts"
	make_machine_certificate "$1"
	connect_machine "$1"
}

mount_machine() { # NAME TEMPLATE
	mount -t overlay overlay -o "lowerdir=$WORK/template-$2,upperdir=$WORK/$1/upper,workdir=$WORK/$1/work" "$WORK/$1/site"
}

# All machines trust this authority.
make_authority() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=authority -keyout "$WORK/authority.key" -out "$WORK/authority.pem"
}

make_machine_certificate() { # NAME
	local folder=$WORK/$1 name
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1.example.com" -keyout "$folder/key" -out "$folder/request"
	for name in "$1" mail portal; do printf 'DNS:%s.example.com,' "$name"; done | sed 's/,$//; s/^/subjectAltName=/' >"$folder/names"
	openssl x509 -req -in "$folder/request" -CA "$WORK/authority.pem" -CAkey "$WORK/authority.key" -CAcreateserial -days 9 \
		-extfile "$folder/names" -out "$folder/pem"
	cp "$WORK/authority.pem" "$folder/site/usr/local/share/ca-certificates/authority.crt"
	chroot "$folder/site" update-ca-certificates
}

# The address is there before the machine starts, and stays when it is off.
connect_machine() { # NAME
	local namespace=$NETWORK-$1
	ip netns add "$namespace"
	ip -n "$NETWORK" link add "$1" type veth peer name host0 netns "$namespace"
	ip -n "$NETWORK" link set "$1" master bridge up
	ip -n "$namespace" address add "$(address_of "$1")/24" dev host0
	ip -n "$namespace" link set lo up
	ip -n "$namespace" link set host0 up
	ip -n "$namespace" route add default via "$CLIENTS"
}

# Files of mailboxes are on storage that the front ends share.
start_machine() { # NAME
	local CONTAINER=$NETWORK-$1 LEADER='' NSPAWN='' options=(--network-namespace-path="/run/netns/$NETWORK-$1")
	[[ " ${fronts[*]} " != *" $1 "* ]] || options+=(--bind="$WORK/mailboxes:/var/vmail")
	ip -n "$NETWORK" link set "$1" up
	WORK=$WORK/$1 boot "$WORK/$1/site" "${options[@]}" || { tail -n 40 "$WORK/$1/boot.log"; return 1; }
	echo "$NSPAWN" >"$WORK/$1/nspawn"
	echo "$LEADER" >"$WORK/$1/leader"
}

# Runs a command in a machine, as root.
on() { # NAME COMMAND ...
	local LEADER
	LEADER=$(<"$WORK/$1/leader")
	shift
	inside "$@"
}

on_each() { # "NAME ..." COMMAND ...
	local name names=$1
	shift
	for name in $names; do on "$name" "$@"; done
}

# Without a word to anybody: others see no connection of it end, as when the power fails.
power_off() { # NAME
	local CONTAINER=$NETWORK-$1 NSPAWN LEADER
	NSPAWN=$(<"$WORK/$1/nspawn") LEADER=$(<"$WORK/$1/leader")
	ip -n "$NETWORK" link set "$1" down
	kill -9 "$LEADER"
	shut_down
}

stop_machines() {
	local machine name
	for machine in "${machines[@]}"; do
		name=${machine%% *}
		[ ! -e "$WORK/$name/leader" ] || on "$name" journalctl --no-pager >"$WORK/$name/journal.log"
	done
	for machine in "${machines[@]}"; do
		name=${machine%% *}
		[ ! -e "$WORK/$name/leader" ] || power_off "$name"
		umount "$WORK/$name/site"
		rm -rf "${WORK:?}/$name"/{upper,work,site,leader,nspawn}
		ip netns delete "$NETWORK-$name"
	done 2>/dev/null
	ip netns delete "$NETWORK"
}
