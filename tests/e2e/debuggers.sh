#!/bin/sh
# A program on libgt under gdb and valgrind. A green thread's backtrace ends where it
# began; valgrind knows the stacks, and finds nothing wrong and nothing lost.
# usage: O=build CC=cc debuggers.sh
O=${O:-build} CC=${CC:-cc}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
if nm "$O/libgt.a" 2>/dev/null | grep -qE '__(a|t)san_'; then
	echo 'skipped: a sanitizer is in the way'
	exit 77
fi
$CC -std=gnu17 -D_GNU_SOURCE -O1 -g -iquote runtime -o "$dir/debugged" tests/programs/debugged.c \
	"$O/libgt.a" -lpthread || exit 1

# Each is one case, told as cmocka would, so that each counts. 77: skipped, as said.
run() { # CASE COMMAND…
	name=$1
	shift
	echo "[ RUN      ] $name"
	"$@" >"$dir/said" 2>&1
	status=$?
	case $status in
	0) echo "[       OK ] $name" ;;
	77)
		tail -n 1 "$dir/said"
		echo "[  SKIPPED ] $name"
		;;
	*)
		tail -n 30 "$dir/said" | sed 's/^/  | /'
		echo "[  FAILED  ] $name"
		failed=1
		;;
	esac
}

gdb_ends() { # POLICY
	command -v gdb >/dev/null || { echo 'skipped: gdb is not installed'; return 77; }
	GT_POLICY=$1 timeout 300 gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'set startup-with-shell off' \
		-ex 'break stop_here' -ex run -ex bt -ex 'delete' -ex continue "$dir/debugged" \
		>"$dir/gdb" 2>&1
	cat "$dir/gdb"
	grep -q 'ptrace: Operation not permitted' "$dir/gdb" && { echo 'skipped: gdb may not trace here'; return 77; }
	# The frames, from the inside to the outside, and nothing odd behind.
	sed -n 's/^#[0-9]* .*\(stop_here\|deeper\|deep\|receiver\) (.*/\1/p' "$dir/gdb" | paste -s -d ' ' - |
		grep -qx 'stop_here deeper deep receiver' || { echo 'not the calls there were'; return 1; }
	# An OS thread's own begins in libc; a fiber's, in ours.
	grep '^#' "$dir/gdb" | tail -n 1 | grep -qE 'ctx_start|clone|start_thread' || { echo 'it does not end'; return 1; }
	grep -qE 'Backtrace stopped|corrupt|Cannot access memory' "$dir/gdb" && { echo 'it does not end well'; return 1; }
	# gdb may be in the middle of a line of its own.
	grep -q 'sum 20' "$dir/gdb" || { echo 'it does not go on'; return 1; }
}

valgrind_finds_nothing() { # POLICY
	command -v valgrind >/dev/null || { echo 'skipped: valgrind is not installed'; return 77; }
	valgrind -q true 2>/dev/null || { echo 'skipped: valgrind does not run here'; return 77; }
	GT_POLICY=$1 timeout 300 valgrind --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect \
		--fair-sched=yes "$dir/debugged" >"$dir/valgrind" 2>&1
	status=$?
	cat "$dir/valgrind"
	[ $status = 0 ] || { echo "exit status $status"; return 1; }
	grep -q '^sum 20' "$dir/valgrind" || { echo 'it did not come to its end'; return 1; }
	if grep -q 'client switching stacks' "$dir/valgrind"; then
		echo '#include <valgrind/valgrind.h>' | $CC -E -x c - >/dev/null 2>&1 ||
			{ echo 'skipped: built without valgrind/valgrind.h: the stacks are guessed'; return 77; }
		echo 'it was not told of the stacks'
		return 1
	fi
}

echo '[==========] Running debuggers.'
for policy in green gmp threads; do
	run "gdb_sees_where_it_began_$policy" gdb_ends $policy
done
for policy in green quantum asyncio offset gmp threads gil3; do
	run "valgrind_finds_nothing_$policy" valgrind_finds_nothing $policy
done
echo '[==========] debuggers run.'
exit $failed
