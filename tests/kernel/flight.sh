#!/bin/sh
# The flight recorder: what is kept stays bounded while much passes; what is written, on
# SIGUSR1 and at the end, is an ordinary trace that knows all states from its beginning.
gtviz=${GTVIZ:-build/gtviz}
o=${O:-build}
dir=$(mktemp -d) || exit 1
pids=
cleanup() {
	for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
	rm -rf "$dir"
}
trap cleanup EXIT
bad=0
fail() { echo "flight: $*"; bad=1; }
await() { # SECONDS COMMAND…: until it is true
	n=$(($1 * 50)); shift
	while [ $n -gt 0 ]; do "$@" >/dev/null 2>&1 && return 0; n=$((n - 1)); sleep 0.02; done
	return 1
}
size() { stat -c %s "$1"; }

# Several times what is kept.
GT_STATS=1 "$gtviz" record --level 0 --ring 1M -o "$dir/end.gtv" "$o/samples/pingpong" 600000 >"$dir/out" 2>"$dir/err" ||
	fail "the recording: $? $(cat "$dir/err")"
"$gtviz" check "$dir/end.gtv" >"$dir/check" || fail "at the end: $(cat "$dir/check")"
[ "$(size "$dir/end.gtv")" -lt 2000000 ] || fail "more was written than is kept: $(size "$dir/end.gtv")"
all=$(sed -n 's/.*"switches":\([0-9]*\),.*/\1/p' "$dir/err")
kept=$("$gtviz" report "$dir/end.gtv" --json | tr ',{' '\n\n' | sed -n 's/^ *"switches": *\([0-9]*\).*/\1/p' | head -n 1)
[ -n "$all" ] && [ -n "$kept" ] && [ "$kept" -gt 0 ] && [ "$kept" -lt "$all" ] || fail "kept $kept of $all switches"

# On a signal, while it goes on; and again, which replaces the first.
"$gtviz" record --level 0 --ring 1M -o "$dir/usr.gtv" "$o/samples/pingpong" 100000000 >"$dir/out" 2>&1 & rec=$!; pids="$pids $rec"
await 30 [ -e "$dir/usr.gtv" ] || { fail "it did not begin: $(cat "$dir/out")"; exit 1; }
for turn in 1 2; do
	# shellcheck disable=SC2016
	await 30 sh -c 'kill -USR1 '$rec' && sleep 0.2 && '"$gtviz"' check '"$dir/usr.gtv" || fail "turn $turn: $("$gtviz" check "$dir/usr.gtv" 2>&1)"
	[ "$(size "$dir/usr.gtv")" -lt 2000000 ] || fail "turn $turn: too much was written"
done
for fd in /proc/$rec/fd/*; do
	[ "$(stat -L -c %s "$fd" 2>/dev/null || echo 0)" -lt 600000000 ] || fail "a spool grows: $(ls -l "$fd")"
done
kill $rec
wait $rec
"$gtviz" check "$dir/usr.gtv" >"$dir/check" || fail "after the last: $(cat "$dir/check")"
exit $bad
