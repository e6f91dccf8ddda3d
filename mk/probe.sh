#!/bin/sh
# Probes what is here by compiling tiny files; writes make variables to OUTDIR/config.mk.
# usage: CC=… CLANG=… NO_BPF=… probe.sh OUTDIR
#
# An answer is kept until the compiler, this script or NO_BPF changes; but as long
# as something is missing it is asked for again, since it may have been installed.
# Says nothing on stdout unless it fails.
out=$1/probe.$$ # several makes may probe at a time
config=$1/config.mk
for_whom="$CC/$CLANG/${NO_BPF:+no-bpf}"
if [ -f "$config" ] && [ "$1/probe/stamp" -nt mk/probe.sh ] &&
   grep -qxF "PROBED_FOR := $for_whom" "$config" && grep -qx 'MISSING :=' "$config"; then
	exit 0
fi
mkdir -p "$out" || exit 1
command -v "${CC%% *}" >/dev/null || { echo "there is no C compiler: $CC"; exit 1; }

pc() { pkg-config "$@" 2>/dev/null; }
missing=

# try NAME PKG HEADERS CODE FALLBACK_LIBS
try() {
	libs=$(pc --libs "$2") || libs=$5
	cflags=$(pc --cflags "$2")
	printf '#define _GNU_SOURCE\n#include <stdio.h>\n%s\nint main(void){%s;return 0;}\n' \
		"$3" "$4" >"$out/$1.c"
	# shellcheck disable=SC2086
	if $CC $cflags "$out/$1.c" -o "$out/$1" $libs >"$out/$1.log" 2>&1; then
		echo "HAVE_$1 := 1"
		echo "CFLAGS_$1 := $cflags -DGTV_HAVE_$1=1"
		echo "LIBS_$1 := $libs"
	else
		echo "HAVE_$1 :="
		missing="$missing $1"
	fi
}

# version NAME PKG: for `gtviz doctor`
version() {
	echo "CFLAGS_$1 += -DGTV_$1_VERSION='\"$(pc --modversion "$2")\"'"
}

probe() {
	echo "# Written by mk/probe.sh: what this machine has."
	echo "PROBED_FOR := $for_whom"
	try ZSTD libzstd '#include <zstd.h>' 'ZSTD_versionNumber()' -lzstd
	try XXHASH libxxhash '#include <xxhash.h>' 'XXH_versionNumber()' -lxxhash
	try JSON json-c '#include <json-c/json.h>' 'json_object_new_object()' -ljson-c
	# The wide library, with its wide calls: a narrow one cannot draw the screen.
	try CURSES ncursesw '#define NCURSES_WIDECHAR 1
#include <curses.h>' 'initscr(); add_wch(0)' '-lncursesw -ltinfo'
	try ELF libelf '#include <gelf.h>' 'elf_version(EV_CURRENT)' -lelf
	try CAP libcap '#include <sys/capability.h>' 'cap_get_proc()' -lcap
	try CMOCKA cmocka '#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>' '(void)cmocka_set_message_output' -lcmocka
	try VTERM vterm '#include <vterm.h>' 'vterm_new(1,1)' -lvterm

	# Importers: each may be missing. The headers are included by their bare names.
	try TRACEEVENT libtraceevent '#include <event-parse.h>' 'tep_alloc()' -ltraceevent
	version TRACEEVENT libtraceevent
	try TRACECMD libtracecmd '#include <trace-cmd.h>' 'tracecmd_open_fd(0,0)' -ltracecmd
	version TRACECMD libtracecmd
	try BABELTRACE babeltrace2 '#include <babeltrace2/babeltrace.h>' 'bt_graph_create(0)' -lbabeltrace2

	# The kernel part: libbpf's headers and library, clang with the bpf target,
	# and a bpftool that runs (some systems install a wrapper that does not).
	bpftool=
	for tool in bpftool /usr/sbin/bpftool /sbin/bpftool; do
		if $tool version >/dev/null 2>&1; then
			bpftool=$tool
			break
		fi
	done
	echo 'int x;' >"$out/bpf.c"
	if [ -n "$NO_BPF" ]; then
		echo 'HAVE_LIBBPF :='
	elif [ -n "$bpftool" ] &&
	     $CLANG -target bpf -c "$out/bpf.c" -o "$out/bpf.o" >"$out/bpf.log" 2>&1; then
		try LIBBPF libbpf '#include <bpf/libbpf.h>' 'libbpf_version_string()' '-lbpf -lelf -lz'
		echo "BPFTOOL := $bpftool"
	else
		echo 'HAVE_LIBBPF :='
		missing="$missing LIBBPF"
	fi
	echo 'HAVE_BPF := $(HAVE_LIBBPF)'
	case $($CC -dumpmachine) in
	x86_64*) echo 'ARCH := x86_64'; echo 'BPF_ARCH := x86' ;;
	aarch64*) echo 'ARCH := aarch64'; echo 'BPF_ARCH := arm64' ;;
	*) echo 'ARCH := generic'; echo "BPF_ARCH := $(uname -m)" ;;
	esac
	# gcc's own; clang does not join stores so.
	echo 'int x;' >"$out/flag.c"
	if $CC -Werror -fno-store-merging -c "$out/flag.c" -o "$out/flag.o" 2>/dev/null; then
		echo 'NO_STORE_MERGING := -fno-store-merging'
	fi
	echo "MISSING :=$missing"
}

# Other makes may read the file at this moment: it changes whole, or not at all.
probe >"$config.$$" || exit 1
if cmp -s "$config.$$" "$config"; then
	rm -f "$config.$$"
else
	mv "$config.$$" "$config"
fi
: >"$out/stamp"
rm -rf "$1/probe"
mv "$out" "$1/probe" 2>/dev/null || rm -rf "$out"
