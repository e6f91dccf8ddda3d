#!/bin/sh
# `make soak`: one long recording at a high rate (evgen, RATE user events a second) into a
# pipe, so that only memory is looked at: the recorder's, printed as time goes, must not grow. Then the trace of
# ten seconds at the same rate must pass `gtviz check`, and what it tells and counts as lost
# must be what the program did.
# usage: GTVIZ=… TOOLS=… O=… [RECORD_SECONDS=1800] [RATE=1000000] soak_record.sh
seconds=${RECORD_SECONDS:-1800} rate=${RATE:-1000000}
dir=$(mktemp -d) || exit 1
trap 'kill $tracer 2>/dev/null; rm -rf "$dir"' EXIT
failed=0
# What is the recorder's own: without the rings, which it shares with the program.
own_kb() { awk '/^RssAnon:/ { print $2 }' "/proc/$1/status" 2>/dev/null; }
complain() {
	failed=1
	echo "soak: recording: $*"
}

mkfifo "$dir/pipe"
# A pipe, not a file: half an hour at this rate is gigabytes.
"$GTVIZ" record -o - --level 0 "$TOOLS/evgen" "$rate" "$seconds" 2>"$dir/err" >"$dir/pipe" &
tracer=$!
wc -c <"$dir/pipe" >"$dir/bytes" &
counter=$!
end=$(($(date +%s) + seconds))
middle="" last="" most=0 looks=0 now=0 every=$((seconds / 20 + 1))
while [ "$(date +%s)" -lt $end ] && kill -0 $tracer 2>/dev/null; do
	sleep 1
	look=$(own_kb $tracer)
	[ -n "$look" ] || break
	now=$look
	looks=$((looks + 1))
	[ $((looks % every)) = 0 ] && echo "soak: recording: $looks s: $now kB of its own"
	# By a third of the time all that is made once is there. A busy machine makes bursts that
	# wait in memory and are gone again: what stays is the least that is seen.
	if [ $looks -ge $((seconds * 2 / 3)) ]; then
		[ -n "$last" ] && [ "$last" -le "$now" ] || last=$now
	elif [ $looks -ge $((seconds / 3)) ]; then
		[ -n "$middle" ] && [ "$middle" -le "$now" ] || middle=$now
	fi
	[ "$now" -gt $most ] && most=$now
done
wait $tracer || complain "status $?: $(cat "$dir/err")"
wait $counter
bytes=$(cat "$dir/bytes")
echo "soak: recorded $seconds s at $rate events/s: $bytes bytes; the recorder's own memory at least ${middle:-?} kB in the second third, ${last:-?} kB in the last, $most kB at most"
[ "${bytes:-0}" -gt 100000 ] || complain "only ${bytes:-no} bytes came"
[ "$most" -le 131072 ] || complain "it took $most kB"
[ -n "$middle" ] && [ -n "$last" ] && [ "$last" -le $((middle + 4096)) ] ||
	complain "its memory grew from ${middle:-?} kB to ${last:-?} kB"

GT_STATS=1 "$GTVIZ" record -o "$dir/t.gtv" --level 0 "$TOOLS/evgen" "$rate" 10 2>"$dir/stats" ||
	complain "status $?: $(cat "$dir/stats")"
"$GTVIZ" check "$dir/t.gtv" >"$dir/check" || complain "$(tail -n 3 "$dir/check")"
cat "$dir/check"
"$GTVIZ" report --json "$dir/t.gtv" | tr '\n' ' ' >"$dir/report"
value() { sed -n "s/.*\"$1\": *\([0-9][0-9]*\).*/\1/p" | head -n 1; }
program=$(grep '"spawns"' "$dir/stats" | value yields)
told=$(sed 's/.*"counts": *\({[^}]*}\).*/\1/' "$dir/report" | value yields)
lost=$(sed 's/.*"lost": *{[^{]*"user": *\({[^}]*}\).*/\1/' "$dir/report" | value gt_yield)
[ "$program" = $((${told:-0} + ${lost:-0})) ] ||
	complain "the program yielded $program times; $told are told and ${lost:-0} counted as lost"
exit $failed
