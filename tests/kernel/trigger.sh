#!/bin/sh
# record --trigger: the trace ends so long after the hit, the program does not; with --ring
# each hit has a file; what never happens never fires. A program of the real system and a
# simulated one, whose hits are the same every time.
gtviz=${GTVIZ:-build/gtviz}
o=${O:-build}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
fail() { echo "trigger: $*"; bad=1; }
record() { # NAME ARG…: its words in NAME.err
	name=$1; shift
	GT_POLICY=gil3 timeout 120 "$gtviz" record --level 0 -o "$dir/$name.gtv" "$@" >"$dir/$name.out" 2>"$dir/$name.err"
}
# A machine that stands still may have left it no time to come to that: ten tries.
hits() { # HOW_MANY NAME ARG…
	many=$1; shift
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		rm -f "$dir/$1.gtv" "$dir/$1"-*.gtv
		record "$@" || return
		grep -q "^gtviz: hit $many: " "$dir/$1.err" && return 0
		echo "trigger: $1: no hit $many this time"
	done
}
good() { "$gtviz" check "$dir/$1.gtv" >"$dir/check" || fail "$1: $(cat "$dir/check")"; }
# When the last event was, in ns after the start.
length() { "$gtviz" events "$dir/$1.gtv" | tail -n 1 | awk '{ printf "%d\n", $1 * 1000000000 }'; }
# When the hit was, in ns after the start: "… at 0.008233 s".
hit_ns() { sed -n "s/^gtviz: hit $2: .* at \([0-9]*\)\.\([0-9]*\) s\$/\1 \2/p" "$dir/$1.err" | awk '{ printf "%d\n", $1 * 1000000000 + $2 * 1000 }'; }

# Once: the program goes on to its end, and its status is ours.
hits 1 one --trigger 'wait(GIL)>3ms' --post 30ms "$o/samples/convoy" --spin 2 --seconds 0.5 || fail "one: $? $(cat "$dir/one.err")"
good one
grep -q 'round trips/s' "$dir/one.out" || fail "the program did not run to its end: $(cat "$dir/one.out")"
grep -q '^gtviz: hit 1: .* waits for GIL.*for 3 ms, at ' "$dir/one.err" || fail "no word of the hit: $(cat "$dir/one.err")"
grep -q 'the recording ends; the program runs on' "$dir/one.err" || fail "no word of the end: $(cat "$dir/one.err")"
at=$(hit_ns one 1) all=$(length one)
[ -n "$at" ] && [ "$all" -ge $((at + 30000000 - 2000)) ] || fail "it ends at $all, the hit was at $at"
record status --trigger 'gt=*' --post 0 -- sh -c 'exit 7'
[ $? = 7 ] || fail "not the program's status"

# Never: all of it, and that is said.
record never --trigger 'wait>60s' "$o/samples/convoy" --spin 1 --seconds 0.2 || fail "never: $(cat "$dir/never.err")"
good never
grep -q 'never fired' "$dir/never.err" || fail "nothing is said: $(cat "$dir/never.err")"

# A file a hit.
hits 3 ring --ring 1s --trigger 'wait(GIL)>3ms' --hits 3 --post 10ms "$o/samples/convoy" --spin 2 --seconds 1 || fail "ring: $? $(cat "$dir/ring.err")"
for n in ring ring-2 ring-3; do
	[ -s "$dir/$n.gtv" ] || { fail "$n.gtv was not written: $(cat "$dir/ring.err")"; continue; }
	good $n
done
[ ! -e "$dir/ring-4.gtv" ] || fail "one hit too many"
[ "$(hit_ns ring 2)" -gt $(($(hit_ns ring 1) + 10000000)) ] || fail "the second hit lies in the first's file: $(cat "$dir/ring.err")"

# Simulated: the same instant every time, and the trace ends exactly there.
if nm "$o/libgt.a" 2>/dev/null | grep -qE '__(a|t)san_'; then
	echo "skipped in part: simulated programs are linked with a plain libgt"
else
	for n in sim sim2; do
		GT_SIM=7 record $n --trigger 'wait(GIL)>3ms' --post 5ms "$o/samples/convoy" --spin 2 --seconds 0.2 || fail "$n: $(cat "$dir/$n.err")"
		good $n
	done
	cmp -s "$dir/sim.err" "$dir/sim2.err" || fail "two runs of a seed: $(cat "$dir/sim.err" "$dir/sim2.err")"
	at=$(hit_ns sim 1) all=$(length sim)
	[ -n "$at" ] && [ "$all" -le $((at + 5000000 + 1000)) ] && [ "$all" -ge "$at" ] || fail "simulated: it ends at $all, the hit was at $at"
fi

# What cannot be is one line.
for words in 'wait>5' 'weight>5ms' 'state=sad'; do
	"$gtviz" record -o "$dir/x.gtv" --trigger "$words" true 2>"$dir/err" && fail "$words is taken"
	[ "$(wc -l <"$dir/err")" = 1 ] || fail "$words: $(cat "$dir/err")"
done
"$gtviz" record -o "$dir/x.gtv" --post 1s true 2>/dev/null && fail "--post without a trigger is taken"
exit $bad
