# shellcheck shell=bash
# Packages of this tree, of this version and of an older one, in $WORK/packages. Sourced by run.

test_packages_are_built() { have_packages; }

test_lintian_is_silent() {
	local said
	said=$(in_build sh -c 'lintian --info --pedantic --allow-root /src/*.changes' 2>&1)
	echo "$said"
	[ -z "$said" ]
}

# The same files under an older number, and where they were then: what else the upgrade has to do is in the
# site's database.
make_older_packages() {
	local package name
	mkdir "$WORK/build/src/old" "$WORK/packages/old"
	for package in "$WORK"/packages/new/*.deb; do
		name=$(basename "$package")
		in_build dpkg-deb --raw-extract "/src/$name" "/src/old/${name%%_*}"
	done >"$WORK/older.log" 2>&1
	sed -i 's/^Version: .*/Version: 0.0.9-1/; s/\(postlatch-common (= \)[^)]*/\10.0.9-1/; /^\(Breaks\|Replaces\): /d' \
		"$WORK"/build/src/old/*/DEBIAN/control
	give_back_moved_files
	for package in "$WORK"/packages/new/*.deb; do
		name=$(basename "$package")
		in_build dpkg-deb --build "/src/old/${name%%_*}" /src/old.deb
		mv "$WORK/build/src/old.deb" "$WORK/packages/old/${name/_*_/_0.0.9-1_}"
	done >>"$WORK/older.log" 2>&1
}

# What was in dovecot-postlatch before 0.1.0-2.
give_back_moved_files() {
	local old=$WORK/build/src/old folder=usr/share/postlatch/conf.d
	mv "$old/postlatch-common/$folder/dovecot" "$old/dovecot-postlatch/$folder/"
}
