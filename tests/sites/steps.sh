# shellcheck shell=bash
# What happens to a site, in this order. Sourced by run.

steps=(
	site_is_made
	files_are_noted
	battery:before
	the_documents_install_it
	the_documents_set_up_the_portal
	battery:after
	battery:wrong
	the_documents_remove_it
	battery:removed
	the_files_are_as_before
)

# Nothing where the table has no such value.
site_value() { /usr/bin/python3 "$HERE/site_table.py" "$SITE" "$1"; }

# battery PHASE: prints a result for each of its tests.
battery() {
	/usr/bin/python3 "$HERE/battery.py" "$SITE" "$LEADER" "$1" 2>"$WORK/battery-$1.log" || {
		echo "FAIL $1/battery"
		tail -n 40 "$WORK/battery-$1.log"
	}
}

# They are built once for all sites of a release, and for the tests of the packages where these have this folder.
test_packages_are_there() (
	RELEASE=$(site_value release)
	WORK=$FOLDER/packages-$RELEASE
	have_packages
)

test_container_is_made() {
	local release packages site=$WORK/site
	release=$(site_value release)
	read -ra packages <<<"$(site_value packages)"
	make_root "$release" "${packages[@]}"
	mkdir "$site/packages"
	cp -r "$FOLDER/packages-$release/packages/new" "$site/packages/"
	download_dependencies
	mkdir "$site/packages/site"
	cp -r "$HERE"/common/* "$SITE"/* "$site/packages/site"
}

test_site_is_made() {
	inside bash -ex /packages/site/make-site
	inside systemctl restart dovecot postfix
	equal "failed units" "$(inside systemctl --failed --plain --no-legend)" ""
}

list_packages() { inside dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii *//p' | sort; }

# Names of all files and packages, and digests of what programs are configured with.
note_files() { # NAME
	list_packages >"$WORK/packages.$1"
	list_files | sort -u >"$WORK/files.$1"
	inside find /etc -xdev -type f -exec sha256sum {} + | sort >"$WORK/digests.$1"
}

test_files_are_noted() { note_files before; }

# Its last command, `postlatch check`, is a test of its own.
test_the_documents_install_it() {
	mkdir -p "$WORK/site/packages/new/source"
	shell_blocks doc/install.md packages | tail -n 1 | follow /packages/new/source
	rmdir "$WORK/site/packages/new/source"
	prepare_by_hand
	installation | follow
	finish_by_hand
}

test_the_documents_set_up_the_portal() {
	set_up_portal
	set_up_roundcubes
	[ ! -e "$SITE/portal-by-hand" ] || inside bash -ex /packages/site/portal-by-hand
}

test_the_documents_remove_it() {
	take_back_by_hand
	remove_as_documented
}

# Users, keys, database and a changed policy file remain, as the document says, and what dpkg knows of units until a purge.
# What Postlatch needed goes as well, also where another package that was there before recommends it.
remove_dependencies() {
	local left
	inside apt-get autoremove -y --purge -o APT::AutoRemove::SuggestsImportant=false
	mapfile -t left < <(list_packages | comm -13 "$WORK/packages.before" -)
	equal "packages of Postlatch that are left" "$(printf '%s\n' "${left[@]}" | grep postlatch)" ""
	[ ${#left[@]} = 0 ] || inside apt-get purge -y "${left[@]}"
}

test_the_files_are_as_before() {
	remove_dependencies
	note_files after
	equal "what was added" "$(comm -13 "$WORK"/files.{before,after} | grep -Ev '^/(etc|var/lib|var/spool/postfix)/postlatch|^/etc/ssl/.*/portal\.example\.com|^/var/lib/systemd/deb-systemd-helper-enabled/.*postlatch')" ""
	equal "what is gone" "$(comm -23 "$WORK"/files.{before,after})" ""
	equal "what was changed" "$(comm -3 "$WORK"/digests.{before,after} | awk '{ print $NF }' | sort -u |
		grep -Ev '^/etc/(postlatch/.*|ssl/.*/portal\.example\.com\..*|(passwd|group|shadow|gshadow)-?|ld\.so\.cache|hosts)$')" ""
}
