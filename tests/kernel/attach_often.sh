#!/bin/sh
# Attaching and leaving again and again, at once or after a while, politely or not: the
# program's own counts stay right, it gives back what it took, and each trace is a true one.
gtviz=${GTVIZ:-build/gtviz}
o=${O:-build}
turns=${ATTACH_TURNS:-8}
dir=$(mktemp -d) || exit 1
pids=
cleanup() {
	for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
	rm -rf "$dir"
}
trap cleanup EXIT
bad=0
fail() { echo "attach_often: $*"; bad=1; }
await() { # SECONDS COMMAND…: until it is true
	n=$(($1 * 50)); shift
	while [ $n -gt 0 ]; do "$@" >/dev/null 2>&1 && return 0; n=$((n - 1)); sleep 0.02; done
	return 1
}

[ -f "$o/libgt.a" ] || { echo "skipped: $o/libgt.a is not built"; exit 77; }
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -iquote runtime -o "$dir/green" tests/programs/attached_gt.c "$o/libgt.a" -lpthread -ldl || exit 1
fds() { set -- "/proc/$prog/fd/"*; echo $#; }
rings_are_gone() { ! grep -q gtviz-rings "/proc/$prog/maps"; }
# The program gives back what it took when it comes to it.
few_fds() { [ "$(fds)" -le "$first" ]; }

for policy in gmp gil3; do
	rm -f "$dir/out"
	GT_STATS=1 GT_POLICY=$policy "$dir/green" >"$dir/out" 2>"$dir/stats" & prog=$!; pids="$pids $prog"
	await 30 grep -q ready "$dir/out" || { fail "$policy: it did not start"; continue; }
	first=0 turn=0
	while [ $turn -lt "$turns" ]; do
		turn=$((turn + 1))
		f=$dir/t$turn.gtv; rm -f "$f"
		"$gtviz" record -p "$prog" -o "$f" 2>"$dir/err" & rec=$!; pids="$pids $rec"
		# Every other time as soon as it has begun.
		if [ $((turn % 2)) = 0 ]; then await 30 [ -s "$f" ]
		else await 30 sh -c "\"$gtviz\" events \"$f\" | grep -q gt_wait_chan"
		fi || fail "$policy, $turn: nothing is recorded: $(cat "$dir/err")"
		kill -TERM $rec
		wait $rec || fail "$policy, $turn: exit status $?: $(cat "$dir/err")"
		"$gtviz" check "$f" >"$dir/check" || fail "$policy, $turn: $(cat "$dir/check")"
		[ $turn = 2 ] && await 30 rings_are_gone && first=$(fds)
	done
	await 30 rings_are_gone || fail "$policy: rings are still mapped"
	await 30 few_fds || fail "$policy: descriptors were left open: $(fds), not $first"
	kill "$prog"
	wait "$prog"; rc=$?
	[ $rc = 7 ] && grep -q intact "$dir/out" || fail "$policy: it was harmed: $rc, $(cat "$dir/out")"
	# What began has ended, by its own count.
	began=$(sed -n 's/.*"spawns":\([0-9]*\).*/\1/p' "$dir/stats") ended=$(sed -n 's/.*"exits":\([0-9]*\).*/\1/p' "$dir/stats")
	[ -n "$began" ] && [ "$began" = "$ended" ] || fail "$policy: $began began, $ended ended"
done
exit $bad
