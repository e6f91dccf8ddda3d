#!/bin/sh
# The flight recorder: what is kept stays bounded while much passes; what is written, on
# SIGUSR1 and at the end, is an ordinary trace that knows all states from its beginning,
# with zoom tiles of its own; and nothing is written over.
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
GT_STATS=1 "$gtviz" record --level 0 --ring 200ms -o "$dir/end.gtv" "$o/samples/pingpong" 12000000 >"$dir/out" 2>"$dir/err" ||
	fail "the recording: $? $(cat "$dir/err")"
"$gtviz" check "$dir/end.gtv" >"$dir/check" || fail "at the end: $(cat "$dir/check")"
all=$(sed -n 's/.*"switches":\([0-9]*\),.*/\1/p' "$dir/err")
kept=$("$gtviz" report "$dir/end.gtv" --json | tr ',{' '\n\n' | sed -n 's/^ *"switches": *\([0-9]*\).*/\1/p' | head -n 1)
[ -n "$all" ] && [ -n "$kept" ] && [ "$kept" -gt 0 ] && [ "$kept" -lt "$all" ] || fail "kept $kept of $all switches"

# On a signal, while it goes on; and again, into a file beside the first.
"$gtviz" record --level 0 --ring 300ms -o "$dir/usr.gtv" "$o/samples/pingpong" 100000000 >"$dir/out" 2>&1 & rec=$!; pids="$pids $rec"
await 30 [ -e "$dir/usr.gtv" ] || { fail "it did not begin: $(cat "$dir/out")"; exit 1; }
kill -USR1 $rec
await 60 grep -q 'usr.gtv: the last' "$dir/out"
"$gtviz" check "$dir/usr.gtv" >"$dir/check" || fail "the first: $(cat "$dir/check" "$dir/out")"
first=$(cksum <"$dir/usr.gtv")
kill -USR1 $rec
await 60 grep -q 'usr-2.gtv: the last' "$dir/out"
"$gtviz" check "$dir/usr-2.gtv" >"$dir/check" || fail "the second: $(cat "$dir/check" "$dir/out")"
# Disk blocks, for its beginning is given back.
for fd in /proc/$rec/fd/*; do
	case $(readlink "$fd") in *gtviz-rings*) continue ;; esac
	[ "$(stat -L -c %b "$fd" 2>/dev/null || echo 0)" -lt 16384 ] || fail "a spool grows: $(ls -l "$fd")"
done
kill $rec
wait $rec
"$gtviz" check "$dir/usr-3.gtv" >"$dir/check" || fail "the last: $(cat "$dir/check")"
[ "$(cksum <"$dir/usr.gtv")" = "$first" ] || fail 'the first was written over'
for f in "$dir"/usr*.gtv; do
	# Half a second of ten million events is two; all of it would be many times that.
	[ "$(size "$f")" -lt 8000000 ] || fail "$f: too much was written: $(size "$f") bytes"
	[ "$(stat -c %a "$f")" = 600 ] || fail "$f: others may read it"
done
exit $bad
