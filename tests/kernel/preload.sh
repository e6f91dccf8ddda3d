#!/bin/sh
# Plain blocking code on green threads, cooperative through libgtpreload.so: linked with
# it, and preloaded into a program that has a runtime of its own. Elsewhere the library
# leaves everything as it is.
# usage: O=build CC=cc preload.sh
O=${O:-build} CC=${CC:-cc}
lib=$O/libgtpreload.so
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
if nm "$O/libgt.a" 2>/dev/null | grep -qE '__(a|t)san_'; then
	echo "skipped: a preloaded library cannot be instrumented"
	exit 77
fi
[ -e "$lib" ] || { echo "no $lib"; exit 1; }

fail() {
	echo "$*"
	bad=1
}

$CC -std=gnu17 -D_GNU_SOURCE -O2 -iquote runtime -o "$dir/linked" tests/programs/preload_plain.c \
	"$lib" -Wl,-rpath,"$(dirname "$lib")" || exit 1
$CC -std=gnu17 -D_GNU_SOURCE -O2 -iquote runtime -rdynamic -o "$dir/own" tests/programs/preload_plain.c \
	"$O/libgt.a" -lpthread || exit 1

# Not quantum: there a call made by gt_blocking holds up all, as that policy has no pool.
for policy in green offset gmp threads gil3; do
	out=$(GT_POLICY=$policy GT_STATS=1 timeout 300 "$dir/linked" 2>"$dir/stats") ||
		fail "linked, $policy: step $?: $(cat "$dir/stats")"
	[ "$out" = 'done 42' ] || fail "linked, $policy: said '$out'"
	# main, twelve that watch errno, ten sleepers, a writer, an echo, a line
	grep -q '"spawns":26,' "$dir/stats" || fail "linked, $policy: $(cat "$dir/stats")"
	out=$(GT_POLICY=$policy LD_PRELOAD=$lib timeout 300 "$dir/own" 2>"$dir/stats") ||
		fail "preloaded, $policy: step $?: $(cat "$dir/stats")"
	[ "$out" = 'done 42' ] || fail "preloaded, $policy: said '$out'"
done

# Without the library the sleeps of one OS thread do not overlap: the test can fail.
GT_POLICY=green timeout 60 "$dir/own" >/dev/null 2>&1 && fail 'without the library: it should have failed'

# A program of plain pthreads, whose threads become green ones: main and ten, and the
# one that serves the timers, now and then anew.
$CC -std=gnu17 -D_GNU_SOURCE -O2 -o "$dir/threads" tests/programs/preload_threads.c -lpthread || exit 1
threads() { # POLICY GT_PRELOAD
	GT_POLICY=$1 GT_PRELOAD=$2 GT_STATS=1 LD_PRELOAD=$lib timeout 300 "$dir/threads" word 2>"$dir/stats"
}
for policy in coop quantum green offset gmp threads gil2 gil3; do
	out=$(threads $policy threads)
	[ $? = 42 ] && [ "$out" = 'done' ] || fail "pthreads, $policy: '$out' $(cat "$dir/stats")"
	grep -qE '"spawns":1[1-4],' "$dir/stats" || fail "pthreads, $policy: $(cat "$dir/stats")"
done
threads procs threads >/dev/null
[ $? = 2 ] && grep -q 'share memory' "$dir/stats" || fail "pthreads, procs: $(cat "$dir/stats")"
out=$(threads green '')
[ $? = 42 ] && [ "$out" = 'done' ] && [ ! -s "$dir/stats" ] || fail "pthreads left alone: '$out' $(cat "$dir/stats")"

# Programs that know nothing of green threads.
[ "$(printf 'b\na\n' | LD_PRELOAD=$lib sort)" = "$(printf 'a\nb')" ] || fail 'sort'
[ "$(seq 20 | LD_PRELOAD=$lib xargs -P 4 -n 1 echo | sort -n | tail -n 1)" = 20 ] || fail 'xargs'
LD_PRELOAD=$lib timeout 60 sleep 0.01 || fail 'sleep'
exit $bad
