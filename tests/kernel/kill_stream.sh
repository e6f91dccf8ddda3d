#!/bin/sh
# SIGKILL at random moments to what a stream is made of: the program, the recorder that
# writes it, the one who reads it, or recorder and program at once. Whatever came through
# the pipe is a trace: who reads along and who reads the copy afterwards say the same, and
# find no fault but that it is not finished; a program whose recorder or reader died runs on
# to its end. The seed is printed; SEED= repeats a run, GTV_TEST_STREAM_KILLS= sets its length.
# usage: O=build kill_stream.sh
O=$(cd "${O:-build}" && pwd) || exit 1
gtviz=${GTVIZ:-$O/gtviz} tools=${TOOLS:-$O/tests}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
seed=${SEED:-$(date +%s)}
runs=${GTV_TEST_STREAM_KILLS:-8}
bad=0 cut=0 whole=0
echo "seed $seed"

random() { # BELOW
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	picked=$((seed / 65536 % $1))
}
complain() {
	bad=1
	echo "run $run, killing $victim: $*"
}
# The program's first words are in its book, so it has begun.
await_book() {
	looks=0
	while [ ! -s "$dir/book" ] && [ $looks -lt 2000 ]; do
		sleep 0.01
		looks=$((looks + 1))
	done
	[ -s "$dir/book" ] || complain 'the program did not begin'
}
await_end() { # PID: the program is nobody's child any more when its recorder is dead
	looks=0
	while kill -0 "$1" 2>/dev/null && [ $looks -lt 2000 ]; do
		sleep 0.01
		looks=$((looks + 1))
	done
}

for run in $(seq "$runs"); do
	rm -f "$dir"/*
	mkfifo "$dir/pipe" "$dir/read"
	"$gtviz" check - <"$dir/read" >"$dir/along" 2>&1 &
	reader=$!
	tee "$dir/copy.gtv" <"$dir/pipe" >"$dir/read" 2>/dev/null &
	copier=$!
	"$gtviz" record -o - --policy gmp -- "$tools/marks" "$dir/book" 300 >"$dir/pipe" 2>"$dir/said" &
	recorder=$!
	await_book
	# The kernel's list of children is no snapshot: one may be passed over.
	program='' looks=0
	while [ -z "$program" ] && kill -0 $recorder 2>/dev/null && [ $looks -lt 2000 ]; do
		program=$(cat /proc/$recorder/task/*/children 2>/dev/null)
		program=${program%% *}
		looks=$((looks + 1))
	done
	[ -n "$program" ] || complain 'the recorder has no program'
	random 250
	sleep "0.$(printf %03d "$picked")"
	case $((run % 4)) in
	0) victim='the program'; kill -KILL ${program:+"$program"} 2>/dev/null ;;
	1) victim='the recorder'; kill -KILL $recorder 2>/dev/null ;;
	2) victim='both'; kill -KILL $recorder ${program:+"$program"} 2>/dev/null ;;
	3) victim='the reader'; kill -KILL $copier $reader 2>/dev/null ;;
	esac
	wait $recorder 2>/dev/null
	status=$?
	wait $copier $reader 2>/dev/null
	[ -n "$program" ] && await_end "$program"
	case $victim in
	'the program' | 'the reader')
		[ $status = 0 ] || [ $status = 137 ] || [ $status = 125 ] || complain "the recorder's status is $status: $(cat "$dir/said")"
		;;
	esac
	case $victim in
	'the recorder' | 'the reader')
		grep -q 'marks: wrote' "$dir/said" || complain "the program did not run to its end: $(cat "$dir/said")"
		;;
	esac
	[ "$victim" = 'the reader' ] && [ $status = 125 ] && ! grep -q 'has gone' "$dir/said" &&
		complain "nobody was told: $(cat "$dir/said")"
	# Less than a first block came: there is nothing to read.
	[ "$(wc -c <"$dir/copy.gtv")" -gt 200 ] || continue
	"$gtviz" check "$dir/copy.gtv" >"$dir/after" 2>&1 || complain "check: $(cat "$dir/after")"
	grep -q 'not finished' "$dir/after" && cut=$((cut + 1)) || whole=$((whole + 1))
	[ "$victim" = 'the reader' ] && continue
	sed "s/^$(echo "$dir" | sed 's,/,\\/,g')\/copy\.gtv/-/" "$dir/after" >"$dir/b"
	cmp -s "$dir/along" "$dir/b" || complain "read along: $(cat "$dir/along"), afterwards: $(cat "$dir/after")"
	[ "$victim" = 'the program' ] && grep -q 'not finished' "$dir/after" &&
		complain "the recorder lived, but: $(cat "$dir/after")"
done
echo "$runs kills; $cut streams were cut, $whole ended"
exit $bad
