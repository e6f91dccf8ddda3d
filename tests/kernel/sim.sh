#!/bin/sh
# Simulated runs, recorded: the same seed gives the same events byte for byte, the counts
# are the program's own, check finds nothing, and screen and report say "simulated".
# usage: O=build CC=cc sim.sh
O=${O:-build} CC=${CC:-cc}
gtviz=$O/gtviz samples=$O/samples
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
if nm "$O/libgt.a" 2>/dev/null | grep -qE '__(a|t)san_'; then
	echo "skipped: the program that forks is linked with a plain libgt"
	exit 77
fi
[ -x "$gtviz" ] || { echo "no $gtviz"; exit 1; }

fail() {
	echo "$*"
	bad=1
}
counters='spawns exits switches yields preemptions lock_waits gil_waits chan_waits joins io_waits sleeps
blocking_calls wakes steals lock_takes lock_drops gil_takes gil_handoffs gil_drops gil_requests chan_sends
chan_receives callbacks handoffs'
# The sum of a counter over the lines that processes printed; its value in a report.
printed() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$dir/$2.err" | awk '{ n += $1 } END { print n + 0 }'; }
told() { tr '\n' ' ' <"$dir/report" | sed 's/.*"counts": *\({[^}]*}\).*/\1/' | sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p"; }

record() { # FILE SEED POLICY PROGRAM…
	file=$1 seed=$2 policy=$3
	shift 3
	GT_SIM=$seed GT_STATS=1 GT_POLICY=$policy timeout 300 "$gtviz" record -o "$dir/$file.gtv" -- "$@" \
		>/dev/null 2>"$dir/$file.err" || fail "$seed $policy $*: status $?: $(cat "$dir/$file.err")"
	"$gtviz" events --json "$dir/$file.gtv" >"$dir/$file.events" || fail "$seed $policy $*: events"
}
same() { # SEED POLICY PROGRAM…
	record a "$@"
	record b "$@"
	cmp "$dir/a.events" "$dir/b.events" || fail "$*: two runs of a seed differ"
	verdict=$("$gtviz" check "$dir/a.gtv") || fail "$*: $verdict"
	case $verdict in *simulated) ;; *) fail "$*: check says $verdict" ;; esac
	"$gtviz" report --json "$dir/a.gtv" >"$dir/report"
	for c in $counters; do
		[ "$(printed "$c" a)" = "$(told "$c")" ] || fail "$*: $c: $(printed "$c" a), in the trace $(told "$c")"
	done
}

for policy in single coop quantum green asyncio offset gmp threads gil2 gil3; do
	same 3 $policy "$samples/fib" 15 4
	[ $policy = single ] || same 4 $policy "$samples/blocking"
done
same 5,cores=3 gil3,interval=1ms "$samples/fib" 17 3
record c 6,cores=3 gil3,interval=1ms "$samples/fib" 17 3
cmp -s "$dir/a.events" "$dir/c.events" && fail 'another seed, the same run'

# A process that forks, and one after another in a trace.
$CC -std=gnu17 -D_GNU_SOURCE -O2 -iquote runtime -o "$dir/fork" tests/programs/sim_fork.c "$O/libgt.a" \
	-lpthread || exit 1
for policy in green gmp threads; do
	same 1 $policy "$dir/fork" 1
	same 1 $policy "$dir/fork" 4
done
same 1 gmp sh -c "$samples/chansum && $samples/chansum"

# Many cores, on whatever this machine has: all of them, in the file as on the screen.
same 1,cores=64 gmp "$samples/fib" 12 100
"$gtviz" report --json "$dir/a.gtv" | tr '\n' ' ' | grep -q '"cores": *64.*"clock": *"simulated"' || fail 'report: not 64 simulated cores'
"$gtviz" shot "$dir/a.gtv" --size 100x100 >"$dir/shot"
[ "$(grep -c '^ *C[0-9]' "$dir/shot")" = 64 ] || fail "$(grep -c '^ *C[0-9]' "$dir/shot") cores on the screen"
grep -q simulated "$dir/shot" || fail 'the screen does not say that it is simulated'

# What is not a seed is told in one line.
for seed in x 1x 1,cores=0 1,cores=9999999 1,other=2; do
	out=$(GT_SIM=$seed "$samples/chansum" 2>&1)
	[ $? = 2 ] && [ "$(echo "$out" | wc -l)" = 1 ] || fail "GT_SIM=$seed: $out"
done
# A program that starts to simulate by itself is not taken for a real one.
"$gtviz" record -o "$dir/d.gtv" -- env GT_SIM=1 "$samples/chansum" >/dev/null 2>"$dir/d.err" || fail "env GT_SIM: $?"
grep -q 'is not traced here' "$dir/d.err" || fail "env GT_SIM: $(cat "$dir/d.err")"
exit $bad
