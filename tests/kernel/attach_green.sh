#!/bin/sh
# Attaching to a program on libgt: its green threads are told as they are, under every
# policy, in a run and idle; what is recorded obeys what any trace obeys; the program goes
# on unharmed, gives its memory back, and can be attached to again, by another gtviz too
# when the first was killed.
# Under thread sanitizer: make SAN=thread O=build-tsan build-tsan/libgt.a, then
# CC='gcc -fsanitize=thread' O=build-tsan GTVIZ=build/gtviz tests/kernel/attach_green.sh
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
fail() { echo "attach_green: $*"; bad=1; }
await() { # SECONDS COMMAND…: until it is true
	n=$(($1 * 50)); shift
	while [ $n -gt 0 ]; do "$@" >/dev/null 2>&1 && return 0; n=$((n - 1)); sleep 0.02; done
	return 1
}

[ -f "$o/libgt.a" ] || { echo "skipped: $o/libgt.a is not built"; exit 77; }
${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -iquote runtime -o "$dir/green" tests/programs/attached_gt.c "$o/libgt.a" -lpthread -ldl || exit 1
start() { # POLICY [idle]
	rm -f "$dir/out" # or the last one's "ready" would do
	GT_POLICY=$1 "$dir/green" ${2:-} >"$dir/out" 2>&1 & prog=$!; pids="$pids $prog"
	await 20 grep -q ready "$dir/out" || { fail "$1: the program did not start"; return 1; }
}
stop() { # POLICY: it ends by itself, and says that all was well
	kill "$prog"
	wait "$prog"; rc=$?
	[ $rc = 7 ] && grep -q intact "$dir/out" || fail "$1: the program was harmed: $rc, $(cat "$dir/out")"
}
has() { "$gtviz" events "$1" 2>/dev/null | grep -q "$2"; }
record() { # POLICY FILE KIND [SIGNAL]: until an event of that kind is there
	rm -f "$2"
	"$gtviz" record -p "$prog" -o "$2" 2>"$dir/err" & rec=$!; pids="$pids $rec"
	await 30 has "$2" "$3" || fail "$1: no $3: $(cat "$dir/err")"
	kill -"${4:-TERM}" $rec
	wait $rec; rc=$?
	"$gtviz" check "$2" >"$dir/check" || fail "$1: $(cat "$dir/check")"
}
fds() { set -- "/proc/$prog/fd/"*; echo $#; }
# The program gives back what it took when it comes to it.
few_fds() { [ "$(fds)" -le "$first" ]; }
same_signals() { [ "$(signals)" = "$before" ]; }
signals() { grep -E '^Sig(Ign|Cgt)' "/proc/$prog/status"; }

for policy in gmp threads asyncio gil3 green; do
	start $policy || continue
	# Some open a descriptor at their first use.
	before=$(signals)
	for turn in 1 2; do
		record $policy "$dir/t$turn.gtv" 'lock_take.*quiet'
		[ $rc = 0 ] || fail "$policy: exit status $rc: $(cat "$dir/err")"
		# What a machine that stands still makes it lose, it counts.
		grep -qv 'events were lost, and are marked' "$dir/err" && fail "$policy: $(cat "$dir/err")"
		"$gtviz" events "$dir/t$turn.gtv" >"$dir/events"
		# Who has waited all the time, and its channel.
		grep -q 'gt_state .*waiter .*state=gt_wait_chan' "$dir/events" || fail "$policy: the waiter is missing"
		[ $turn = 1 ] && first=$(fds)
	done
	await 30 few_fds || fail "$policy: descriptors were left open: $(fds), not $first"
	await 30 same_signals || fail "$policy: its signals are not as they were: $before, $(signals)"
	"$gtviz" report "$dir/t2.gtv" --json | grep -q '"name": *"ping"' || fail "$policy: names are missing"
	# Which OS thread is which worker, one that sleeps all the time too; and a lock for
	# which nobody waits, named in both traces.
	grep -q ' worker_state .*worker=0 ' "$dir/events" || fail "$policy: worker 0 is not told"
	"$gtviz" report "$dir/t2.gtv" | grep -Eq '^T[0-9]+ +W0 ' || fail "$policy: no W0: $("$gtviz" report "$dir/t2.gtv" | grep -E '^T[0-9]')"
	for t in 1 2; do
		"$gtviz" events "$dir/t$t.gtv" | grep lock_take | grep -q quiet || fail "$policy: t$t: a lock has lost its name"
	done
	stop $policy
done

# More OS threads than rings, and a gtviz that stands still: what is missing is known to be
# lost, up to the trace's end, so check has nothing against it.
for still in 0 1; do start threads && {
	rm -f "$dir/few.gtv"
	"$gtviz" record -p "$prog" --rings 6 -o "$dir/few.gtv" 2>"$dir/err" & rec=$!; pids="$pids $rec"
	await 30 has "$dir/few.gtv" gt_run || fail "few rings: no gt_run: $(cat "$dir/err")"
	[ $still = 1 ] && { kill -STOP $rec; sleep 0.3; }
	kill -TERM $rec; kill -CONT $rec
	wait $rec
	"$gtviz" check "$dir/few.gtv" >"$dir/check" || fail "few rings: $(cat "$dir/check")"
	grep -q 'events were lost' "$dir/err" || fail "few rings: nothing was lost: $(cat "$dir/err")"
	stop threads
}; done

# All wait: it answers though nothing happens.
start gmp idle && { record idle "$dir/idle.gtv" 'gt_state .*waiter'; stop idle; }
start green idle && { record idle "$dir/idle.gtv" 'gt_state .*waiter'; stop idle; }

# The first gtviz is killed: the program goes on, and the next one is heard. Two at a
# time are one too many.
start threads && {
	record killed "$dir/k1.gtv" gt_wait_chan KILL
	"$gtviz" record -p "$prog" -o "$dir/k2.gtv" 2>"$dir/err2" & rec=$!; pids="$pids $rec"
	await 30 has "$dir/k2.gtv" sched_switch
	kill $rec; wait $rec
	sleep 1.2 # the heartbeat of the dead must be old
	record again "$dir/k3.gtv" gt_wait_chan
	grep -q 'not shown' "$dir/err" && fail "after a killed one: $(cat "$dir/err")"
	stop killed
}
start gmp && {
	"$gtviz" record -p "$prog" -o "$dir/a.gtv" 2>"$dir/err2" & other=$!; pids="$pids $other"
	await 30 has "$dir/a.gtv" gt_wait_chan || fail 'the first of two'
	record two "$dir/b.gtv" sched_switch
	grep -q 'another gtviz traces it' "$dir/err" || fail "the second of two: $(cat "$dir/err")"
	kill $other; wait $other || fail 'the first of two was disturbed'
	"$gtviz" check "$dir/a.gtv" >"$dir/check" || fail "the first of two: $(cat "$dir/check")"
	stop two
}

# Its end ends the recording.
start gmp && {
	"$gtviz" record -p "$prog" -o "$dir/end.gtv" 2>"$dir/err" & rec=$!; pids="$pids $rec"
	await 30 has "$dir/end.gtv" gt_wait_chan
	stop end
	wait $rec || fail "its end: $?"
	"$gtviz" check "$dir/end.gtv" >"$dir/check" || fail "its end: $(cat "$dir/check")"
}
exit $bad
