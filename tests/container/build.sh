# shellcheck shell=bash
# Packages of this tree for $RELEASE, built in $WORK/build, to $WORK/packages/new. Sourced by the programs `run` of
# tests/packages and tests/sites, which may have the same $WORK.

in_build() { "$SOURCE/tools/in-root" "$WORK/build" "$@"; }

build_depends() {
	sed -n '/^Build-Depends:/,/^[^ ]/ { s/^Build-Depends://; /^[^ ]/d; s/<[^>]*>//; p }' "$SOURCE/debian/control"
}

# With systemd, which in Debian 13 does not tell where units go.
make_build_root() {
	"$SOURCE/tools/debian-root" "$RELEASE" "$WORK/build" build-essential ccache lintian systemd "$(build_depends | tr -d '\n')" &&
		mkdir -p "$WORK/build/src/postlatch" "$WORK/build/var/cache/postlatch/ccache" && copy_source "$WORK/build/src/postlatch"
}

# What a commit would have, without what builds have left here; a release has all and nothing else.
list_source() {
	if [ -e "$SOURCE/.git" ]; then
		git -C "$SOURCE" -c safe.directory='*' ls-files -z --cached --others --exclude-standard
	else
		find "$SOURCE" -mindepth 1 -maxdepth 1 ! -name 'build*' -printf '%f\0'
	fi
}

copy_source() {
	list_source | tar -C "$SOURCE" --null --files-from=- --ignore-failed-read -cf - | tar -C "$1" --no-same-owner -xf -
}

# The commands of doc/install.md but the last, which is for the server. The unit tests have a suite of their own.
build_packages() { # FOLDER NAME: from FOLDER/postlatch in there to $WORK/packages/NAME
	shell_blocks doc/install.md packages | sed '$d' >"$WORK/build$1/commands"
	grep -q dpkg-buildpackage "$WORK/build$1/commands"
	echo 'APT::Get::Assume-Yes "true";' >"$WORK/build/etc/apt/apt.conf.d/tests"
	in_build env -C "$1/postlatch" DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" DEBIAN_FRONTEND=noninteractive \
		PATH=/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin CCACHE_DIR="/var/cache/postlatch/ccache/packages-$RELEASE" \
		bash -ex "$1/commands"
	mkdir "$WORK/packages/$2"
	cp "$WORK/build$1"/*.deb "$WORK/packages/$2"
	rm "$WORK/packages/$2"/*-dbgsym_*
	[ "$(find "$WORK/packages/$2" -name '*.deb' | wc -l)" = 4 ]
}

# Where several programs want them, one builds them, and the others wait.
have_packages() (
	mkdir -p "$WORK/packages"
	exec 8>"$WORK/lock"
	flock 8
	[ ! -e "$WORK/packages/new" ] || exit 0
	rm -rf "$WORK/build"
	make_build_root && build_packages /src new
)
