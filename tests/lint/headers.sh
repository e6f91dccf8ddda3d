#!/bin/sh
# Every header compiles by itself; the event ABI also as C99, as C++ and for BPF,
# and the public header as C99 and C++.
# usage: CC=… CLANG=… headers.sh [ROOT]
cd "${1:-.}" || exit 1
CC=${CC:-cc} CLANG=${CLANG:-clang}
bad=0
flags='-fsyntax-only -I. -iquote runtime -Wall -Wextra -Werror'
curses=$(pkg-config --cflags ncursesw 2>/dev/null)

try() { # WHAT FILE COMMAND…
	what=$1 file=$2
	shift 2
	said=$(printf '#include "%s"\nextern int not_empty;\n' "$file" | "$@" - 2>&1) && return
	bad=1
	echo "$file: does not compile by itself $what"
	echo "$said" | head -n 5
}

for header in $(find runtime tracer tui -name '*.h' ! -path 'tracer/bpf/*' | sort); do
	# shellcheck disable=SC2086
	try 'as C17' "$header" $CC -std=gnu17 -D_GNU_SOURCE $curses $flags -Wno-unused-function -x c
done
cxx=
for candidate in c++ "$CLANG++"; do
	echo 'int x;' | $candidate -fsyntax-only -x c++ - 2>/dev/null && { cxx=$candidate; break; }
done
[ -n "$cxx" ] || echo 'no C++ compiler here: C++ left out'
for header in runtime/abi/*.h runtime/gt.h runtime/gtv_emit.h; do
	[ -e "$header" ] || continue
	# shellcheck disable=SC2086
	try 'as C99' "$header" $CC -std=c99 $flags -Wpedantic -Wno-unused-function -x c
	# shellcheck disable=SC2086
	[ -z "$cxx" ] || try 'as C++' "$header" $cxx -std=c++11 $flags -Wno-unused-function -x c++
done
# The emit header's other half, as a foreign runtime would build it.
if [ -e runtime/gtv_emit.h ]; then
	emit="-DGTV_EMIT_IMPLEMENTATION $flags"
	# shellcheck disable=SC2086
	try 'as C99, with its implementation' runtime/gtv_emit.h $CC -std=c99 $emit -Wpedantic -x c
	# shellcheck disable=SC2086
	[ -z "$cxx" ] || try 'as C++, with its implementation' runtime/gtv_emit.h $cxx -std=c++11 $emit -x c++
fi
if echo 'int x;' | $CLANG -target bpf -fsyntax-only -x c - 2>/dev/null; then
	for header in runtime/abi/*.h; do
		# shellcheck disable=SC2086
		try 'for BPF' "$header" $CLANG -target bpf "-I/usr/include/$($CC -dumpmachine)" $flags -Wno-unused-function -x c
	done
else
	echo 'no clang with a bpf target here: BPF left out'
fi
exit $bad
