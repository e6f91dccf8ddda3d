#!/bin/sh
# SPDX-License-Identifier: MIT
# For the scripts beside it: a minimal root of Debian, made by debootstrap from the mirror that
# this machine's own apt uses, in $O/package; and commands in it. Sourced.
O=${O:-build}
work=$O/package
mkdir -p "$work" && work=$(cd "$work" && pwd) || exit 1

leave() { echo "skip: $*"; exit 77; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }
# COMMAND…, and how long it took.
timed() { # WHAT COMMAND…
	what=$1
	begin=$(now_ms)
	shift
	"$@"
	code=$?
	took=$(($(now_ms) - begin))
	printf 'TIME  %-58s %d.%01d s\n' "$what" $((took / 1000)) $((took % 1000 / 100))
	return $code
}
quietly() { # LOG COMMAND…
	log=$work/$1.log
	shift
	"$@" >"$log" 2>&1 </dev/null && return
	tail -n 30 "$log" | sed 's/^/  | /'
	return 1
}

[ "$(id -u)" = 0 ] || leave 'a root of its own needs root'
command -v debootstrap >/dev/null || leave 'debootstrap is not installed'
command -v apt-get >/dev/null || leave 'this system has no apt'
unshare -m true 2>/dev/null || leave 'mounts of its own are not allowed here'
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
sources=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
	awk -v c="$codename" '$3 == "main" && index($2, c) == 1' | sort -u)
mirror=$(echo "$sources" | awk -v c="$codename" '$2 == c { print $1; exit }')
[ -n "$mirror" ] || leave "apt knows no mirror of $codename here (apt-get update)"

# The minimal root, kept for the next time: 130 MB of packages.
base=$work/base
if [ ! -e "$base.good" ]; then
	rm -rf "$base"
	timed "debootstrap $codename (minbase)" \
		quietly debootstrap debootstrap --variant=minbase "$codename" "$base" "$mirror" ||
		leave "debootstrap could not make a root (no network?)"
	: >"$base.good"
fi

# A new root at $root: a copy, with the machine's own way to its mirror.
make_root() { # NAME
	root=$work/$1
	rm -rf "$root"
	cp -a "$base" "$root" || exit 1
	echo "$sources" | sed 's/^/deb /' >"$root/etc/apt/sources.list"
	apt-config dump | grep -i '::proxy' >"$root/etc/apt/apt.conf.d/90proxy"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	echo "$1" >"$root/etc/hostname"
	timed "$1: apt-get update" quietly "$1-update" in_root apt-get -q update ||
		leave 'the mirror does not answer'
}
# Mounts that vanish with the command. The kernel, its /proc and /sys are the machine's.
in_root() { # COMMAND…
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		TERM="${TERM:-xterm-256color}" LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		MOUNT="$mount_here" unshare -m sh "$work/enter.sh" "$root" "$@"
}
mount_here= # DIR: to be seen at /here
cat >"$work/enter.sh" <<'INSIDE'
root=$1
shift
mount --rbind /proc "$root/proc" && mount --rbind /sys "$root/sys" && mount --rbind /dev "$root/dev" || exit 99
if [ -n "$MOUNT" ]; then
	mkdir -p "$root/here" && mount --bind -o ro "$MOUNT" "$root/here" || exit 99
fi
unset MOUNT
exec chroot "$root" "$@"
INSIDE
