#!/bin/sh
# Builds the Debian packages of a copy of this tree, without what is not the project's, in
# DIR/src; they land in DIR. Needs what debian/control names: dpkg-buildpackage says what of it
# is missing.
# usage: deb.sh DIR
mkdir -p "$1" && dir=$(cd "$1" && pwd) || exit 1
command -v dpkg-buildpackage >/dev/null && command -v dh >/dev/null || {
	echo 'gtviz: make deb: debhelper is missing (apt-get install debhelper)' >&2
	exit 1
}
version=$(dpkg-parsechangelog -S Version) || exit 1
src=$dir/gtviz-$version
rm -rf "$src" "$dir"/*.deb "$dir"/*.buildinfo "$dir"/*.changes
mkdir -p "$src" || exit 1
# What git has, as it is now; a tree without git: all but what builds made.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git ls-files -z --cached --others --exclude-standard
else
	find . -type f ! -path './build*' ! -path ./gtviz ! -name '*.o' ! -path './debian/tmp/*' -print0
fi | tar -c --null --ignore-failed-read -T - 2>/dev/null | tar -x -C "$src" || exit 1
log=$dir/build.log
# A build of one's own options, not of the make that called this.
if ! (cd "$src" && unset MAKEFLAGS MFLAGS MAKELEVEL O CC &&
	DEB_BUILD_OPTIONS="parallel=$(nproc) noautodbgsym" dpkg-buildpackage -b -us -uc) >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "gtviz: make deb: it did not build (the whole log: $log)" >&2
	exit 1
fi
rm -rf "$src"
for deb in "$dir"/*.deb; do
	echo "$deb"
	dpkg-deb -f "$deb" Depends Installed-Size | sed 's/^/  /'
done
