#!/bin/sh
# Attaching to a program that runs: at every level that works here its threads are
# followed, those it had and those it starts; it is left as it was, and goes on; it can be
# attached to again; its end is the recording's. Neither side is harmed by the other's death.
gtviz=${GTVIZ:-build/gtviz}
dir=$(mktemp -d) || exit 1
pids=
cleanup() {
	for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
	rm -rf "$dir"
}
trap cleanup EXIT
bad=0
fail() { echo "attach: $*"; bad=1; }
await() { # SECONDS COMMAND…: until it is true
	n=$(($1 * 50)); shift
	while [ $n -gt 0 ]; do "$@" >/dev/null 2>&1 && return 0; n=$((n - 1)); sleep 0.02; done
	return 1
}

${CC:-cc} -std=gnu17 -D_GNU_SOURCE -O2 -o "$dir/att-$$" tests/programs/attached.c -lpthread || exit 1
# (Of a name the kernel keeps 15 characters, and a pid may have 7.)
start() {
	"$dir/att-$$" >"$dir/out" & prog=$!; pids="$pids $prog"
	await 10 grep -q ready "$dir/out" || { fail 'the program did not start'; exit 1; }
}
# What of a process nobody may change: its descriptors, its memory, its signals.
state() {
	ls -l "/proc/$1/fd" | sed 's/.* \([0-9]* -> .*\)/\1/'
	sed 's/ .*//' "/proc/$1/maps" | sort | grep -c .
	grep -E '^(TracerPid|Sig(Q|Blk|Ign|Cgt)|Shd)' "/proc/$1/status" | grep -v SigQ
}
rounds() { # asks the program; how often its byte went round
	before=$(grep -c . "$dir/out")
	kill -USR2 "$prog"
	await 10 sh -c "[ \$(grep -c . '$dir/out') -gt $before ]"
	tail -n 1 "$dir/out"
}
# Enough of them, and a thread that was started.
has_events() {
	"$gtviz" events "$1" 2>/dev/null >"$dir/look"
	[ "$(grep -c . "$dir/look")" -gt 50 ] && grep -q sched_fork "$dir/look"
}
tasks() { ls "/proc/$prog/task"; }
record() { # LEVEL FILE: until some events are there, then the signal $sig; sets rc
	rm -f "$2"
	"$gtviz" record -p "$prog" --level "$1" -o "$2" 2>"$dir/err" & rec=$!; pids="$pids $rec"
	await 20 has_events "$2" || fail "level $1: no events: $(cat "$dir/err")"
	kill -"${sig:-TERM}" $rec
	wait $rec; rc=$?
}

start
state "$prog" >"$dir/before"
some=0
for level in 3 2 1; do
	if ! timeout 20 "$gtviz" record --level $level -o "$dir/probe" true 2>"$dir/err"; then
		echo "attach: level $level is not tried: $(cat "$dir/err")"
		continue
	fi
	some=1
	for sig in HUP TERM; do
		tasks >"$dir/were"
		record $level "$dir/l$level.gtv"
		[ $rc = 0 ] || fail "level $level, $sig: exit status $rc: $(cat "$dir/err")"
		"$gtviz" check "$dir/l$level.gtv" >"$dir/check" || fail "level $level: $(cat "$dir/check")"
	done
	state "$prog" >"$dir/after"
	cmp -s "$dir/before" "$dir/after" || fail "level $level: the program is not as it was: $(diff "$dir/before" "$dir/after")"
	case $(rounds) in
	*intact) ;;
	*) fail "level $level: the program: $(tail -n 1 "$dir/out")" ;;
	esac
	# All threads that were there all the time, and some that were started.
	"$gtviz" events "$dir/l$level.gtv" >"$dir/events"
	tasks >"$dir/are"
	for task in $(comm -12 "$dir/were" "$dir/are"); do
		grep -q "T$task\b" "$dir/events" || grep -q "tid=$task\b" "$dir/events" ||
			fail "level $level: thread $task is missing"
	done
	grep -q sched_fork "$dir/events" || fail "level $level: no thread was seen to start"
done
if [ $some = 0 ]; then
	echo 'skipped: no kernel source works here'
	exit 77
fi

# The recorder is killed: the program does not notice, and what was written is good.
sig=KILL record 1 "$dir/killed.gtv"
"$gtviz" check "$dir/killed.gtv" >"$dir/check" || fail "killed: $(cat "$dir/check")"
case $(rounds) in *intact) ;; *) fail 'the recorder was killed: the program was harmed' ;; esac

# By name; its end ends the recording, and says how, where the kernel does.
"$gtviz" record -p "att-$$" --level 1 -o "$dir/end.gtv" 2>"$dir/err" & rec=$!; pids="$pids $rec"
await 20 has_events "$dir/end.gtv" || fail "by name: $(cat "$dir/err")"
"$dir/att-$$" >"$dir/out2" & other=$!; pids="$pids $other"
await 10 grep -q ready "$dir/out2"
"$gtviz" record -p "att-$$" -o "$dir/none.gtv" 2>"$dir/several" && fail 'an ambiguous name was taken'
grep -q "several: .*$prog" "$dir/several" && grep -q "$other" "$dir/several" && [ "$(grep -c . "$dir/several")" = 1 ] ||
	fail "an ambiguous name: $(cat "$dir/several")"
kill -KILL $other
kill -TERM "$prog"
wait $rec || fail "the program ended: exit status $?"
"$gtviz" check "$dir/end.gtv" >"$dir/check" || fail "its end: $(cat "$dir/check")"

"$gtviz" record -p "no-such-$$" -o "$dir/none.gtv" 2>"$dir/err"
[ $? = 125 ] && grep -q 'no process is called so' "$dir/err" || fail "nobody: $(cat "$dir/err")"
[ -e "$dir/none.gtv" ] && fail 'a refused recording left a file'
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && [ -x "$gtviz" ]; then
	cp "$gtviz" "$dir/gtviz" && chmod 755 "$dir" "$dir/gtviz" && mkdir -m 777 "$dir/nobody"
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
		"$dir/gtviz" record -p $$ -o "$dir/nobody/x" 2>"$dir/err"
	[ $? = 125 ] && grep -q "another user's" "$dir/err" || fail "another user's: $(cat "$dir/err")"
fi
exit $bad
