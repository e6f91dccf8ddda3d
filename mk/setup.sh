#!/bin/sh
# Installs what this machine lacks, from the list in mk/packages.
#
# usage: setup.sh build         what `make` needs (and the kernel part, where there is one)
#        setup.sh check         that, and what `make check` needs
#        setup.sh package       that, and what `make package-check` needs
#        setup.sh --names NAME… prints the packages of mk/probe.sh's NAMEs
#
# Only a system with apt-get is changed; elsewhere the packages are named and
# the exit status is 1 if gtviz (or its tests) cannot do without one of them.
list=$(dirname "$0")/packages
CC=${CC:-cc}
PATH=$PATH:/usr/sbin:/sbin

rows() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$list"; }

if [ "$1" = --names ]; then
	shift
	for name; do
		rows | awk -v n="$name" '$4 == n { print $2 }'
	done | paste -s -d ' ' -
	exit
fi

here() { # PROBE
	case $1 in
	h:*) printf '#include <stddef.h>\n#include <stdio.h>\n#include <%s>\n' "${1#h:}" |
		$CC -D_GNU_SOURCE -include stdarg.h -include setjmp.h \
			-include stdint.h -fsyntax-only -x c - 2>/dev/null ;;
	c:*) command -v "${1#c:}" >/dev/null ;;
	f:*) [ -e "${1#f:}" ] ;;
	esac
}

# lack NEED…: the packages of these needs that are not here.
lack() {
	rows | while read -r need package probe _; do
		case " $* " in *" $need "*) here "$probe" || echo "$package" ;; esac
	done | paste -s -d ' ' -
}

case $1 in
build) must='build'; may='kernel import' ;;
check) must='build check'; may='kernel import more' ;;
package) must='build check package'; may='kernel import' ;;
*) echo "usage: setup.sh build|check|package" >&2; exit 2 ;;
esac

# shellcheck disable=SC2086
need=$(lack $must) want=$(lack $may)
[ -z "$need$want" ] && exit 0

give_up() {
	if [ -n "$need" ]; then
		echo "gtviz: set-up: $1 (install: $need${want:+; better with: $want})" >&2
		exit 1
	fi
	echo "gtviz: set-up: $1; going on without: $want" >&2
	exit 0
}

command -v apt-get >/dev/null || give_up 'this system has no apt-get'
as_root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || give_up 'neither root nor sudo'
	# Without a person at a terminal sudo must not ask.
	[ -t 0 ] && as_root='sudo' || as_root='sudo -n'
	$as_root true 2>/dev/null || $as_root true || give_up 'sudo refused'
fi

get() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" </dev/null; }
# shellcheck disable=SC2086
install() { get install --no-install-recommends "$@"; }

echo "gtviz: set-up: installing: $need $want" >&2
# The lists of packages may be absent or old: fetch them only if the first try fails.
# shellcheck disable=SC2086
install $need $want >/dev/null 2>&1 && exit 0
get update >/dev/null || echo 'gtviz: set-up: apt-get update failed; trying with what is there' >&2
# shellcheck disable=SC2086
install $need $want >/dev/null 2>&1 && exit 0
# Something has another name or none here: what must be first, the rest one by one.
if [ -n "$need" ]; then
	# shellcheck disable=SC2086
	install $need >&2 || give_up 'apt-get could not install them'
	need=
fi
for package in $want; do
	install "$package" >/dev/null 2>&1 ||
		echo "gtviz: set-up: no $package here; going on without it" >&2
done
exit 0
