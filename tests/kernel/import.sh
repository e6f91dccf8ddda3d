#!/bin/sh
# Files that perf records here, as they are, compressed and through a pipe, and what other
# tools make of them (trace.dat 6 and 7, text, CTF), are imported and compared event by
# event with `perf script`, `trace-cmd report` and `babeltrace2`. check finds no fault.
# usage: O=build [GTVIZ=…] import.sh
O=${O:-build} GTVIZ=${GTVIZ:-$O/gtviz}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
skipped=
fail() {
	echo "$*"
	bad=1
}
skip() { skipped="$skipped; $*"; }
[ -x "$GTVIZ" ] || { echo "no $GTVIZ"; exit 1; }
python3 -c '' 2>/dev/null || { echo 'skipped: no python3, so nobody compares'; exit 77; }
perf version >/dev/null 2>&1 || { echo 'skipped: no perf here (linux-perf)'; exit 77; }
"$GTVIZ" doctor | grep -q 'libtraceevent *not built in' && { echo 'skipped: built without libtraceevent'; exit 77; }

work='for i in 1 2 3 4 5 6 7 8; do ls / | cat >/dev/null & done; wait'
events='-e sched:sched_switch -e sched:sched_waking -e sched:sched_wakeup_new -e sched:sched_migrate_task'
# shellcheck disable=SC2086
perf record -q -a -m 4096 $events -o "$dir/plain.data" -- sh -c "$work" >"$dir/said" 2>&1 || {
	echo "skipped: perf cannot record tracepoints here: $(tail -n 1 "$dir/said")"
	exit 77
}

# IMPORT NAME KIND FILE TEXT
same() {
	"$GTVIZ" import "$3" -o "$dir/$1.gtv" 2>"$dir/said" || fail "$1: import: $(cat "$dir/said")"
	"$GTVIZ" check "$dir/$1.gtv" >"$dir/verdict" || fail "$1: $(cat "$dir/verdict")"
	"$GTVIZ" events --json "$dir/$1.gtv" >"$dir/events"
	python3 tests/kernel/import.py "$2" "$dir/events" "$4" >"$dir/alike" || fail "$1: $(cat "$dir/alike")"
	echo "$1: $(tail -n 1 "$dir/alike")"
}
perf_script() { perf script --ns -F comm,tid,cpu,time,event,trace -i "$1" >"$2" 2>/dev/null; }

perf_script "$dir/plain.data" "$dir/plain.txt"
same plain perf "$dir/plain.data" "$dir/plain.txt"
# Only wake-ups, which do not say who asked for them.
if perf record -q -a -m 4096 -e sched:sched_switch -e sched:sched_wakeup -o - -- sh -c "$work" >"$dir/pipe.data" 2>/dev/null; then
	perf_script "$dir/pipe.data" "$dir/pipe.txt"
	same pipe perf "$dir/pipe.data" "$dir/pipe.txt"
	"$GTVIZ" import - -o - <"$dir/pipe.data" 2>/dev/null | cmp - "$dir/pipe.gtv" || fail 'from a pipe to a pipe: other bytes'
	"$GTVIZ" report "$dir/pipe.gtv" | grep -q 'no wakers' || fail 'report does not say that there are no wakers'
fi
# shellcheck disable=SC2086
if perf record -q -z -a -m 4096 $events -o "$dir/z.data" -- sh -c "$work" >/dev/null 2>&1; then
	perf_script "$dir/z.data" "$dir/z.txt"
	same compressed perf "$dir/z.data" "$dir/z.txt"
else
	skip 'perf here does not compress'
fi
# One program only: who came on the cores between its threads is not in the file.
# shellcheck disable=SC2086
perf record -q $events -o "$dir/own.data" -- sh -c "$work" >/dev/null 2>&1
perf_script "$dir/own.data" "$dir/own.txt"
same own perf "$dir/own.data" "$dir/own.txt"
grep -q 'switches are missing' "$dir/said" || fail "own: missing switches are not told: $(cat "$dir/said")"

same text perf "$dir/plain.txt" "$dir/plain.txt"
if command -v trace-cmd >/dev/null && ! "$GTVIZ" doctor | grep -q 'libtracecmd *not built in'; then
	python3 tests/kernel/perf2dat.py "$dir/plain.data" "$dir/v6.dat" || fail 'perf2dat failed'
	trace-cmd report -t -N -i "$dir/v6.dat" >"$dir/v6.txt" 2>/dev/null
	same v6 dat "$dir/v6.dat" "$dir/v6.txt"
	same v6text dat "$dir/v6.txt" "$dir/v6.txt"
	# As its plugins print: "comm:pid [prio] state ==> …".
	trace-cmd report -t -i "$dir/v6.dat" >"$dir/plugins.txt" 2>/dev/null
	same plugins plugin "$dir/plugins.txt" "$dir/v6.txt"
	# A line "CPU:… [LOST …" says what was lost before the core's next event.
	core=$(tail -n 1 "$dir/v6.txt" | sed 's/.*\[0*\([0-9][0-9]*\)\].*/\1/')
	{ sed '$d' "$dir/v6.txt"; echo "CPU:$core [LOST 7 EVENTS]"; tail -n 1 "$dir/v6.txt"; } >"$dir/lossy.txt"
	"$GTVIZ" import "$dir/lossy.txt" -o "$dir/lossy.gtv" 2>/dev/null
	"$GTVIZ" check "$dir/lossy.gtv" | grep -q '; 7 events lost' || fail "what was lost is not told"
	if trace-cmd convert -i "$dir/v6.dat" -o "$dir/v7.dat" --file-version 7 --compression zstd >/dev/null 2>&1; then
		same v7 dat "$dir/v7.dat" "$dir/v6.txt"
	else
		skip 'trace-cmd here cannot write version 7'
	fi
else
	skip 'no trace-cmd or libtracecmd here'
fi
if command -v babeltrace2 >/dev/null && ! "$GTVIZ" doctor | grep -q 'libbabeltrace2 *not built in' &&
   perf data convert -i "$dir/plain.data" --to-ctf "$dir/ctf" >/dev/null 2>&1; then
	babeltrace2 --clock-seconds --no-delta "$dir/ctf" >"$dir/ctf.txt" 2>/dev/null
	same ctf ctf "$dir/ctf" "$dir/ctf.txt"
else
	skip 'no babeltrace2, or perf writes no CTF'
fi

# What is given in place of a trace is named.
"$GTVIZ" "$dir/plain.data" 2>&1 | grep -q 'gtviz import' || fail 'gtviz perf.data does not say how to import it'
"$GTVIZ" report "$dir/plain.data" 2>&1 | grep -q 'gtviz import' || fail 'report perf.data neither'
"$GTVIZ" import /dev/null -o "$dir/none.gtv" 2>"$dir/said" && fail 'nothing was imported'
[ -e "$dir/none.gtv" ] && fail 'an empty file is left behind'
[ "$(wc -l <"$dir/said")" = 1 ] || fail "an error is one line: $(cat "$dir/said")"
[ $bad = 0 ] && echo "imports agree$skipped"
exit $bad
