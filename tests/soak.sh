#!/bin/sh
# `make soak`: an hour of virtual time of random operations under every policy on the
# simulated system (SOAK_VIRTUAL_SECONDS); then samples recorded under random policies and levels for SOAK_SECONDS.
# About half of the runs end by themselves: then the trace must pass `gtviz check`
# and its counts equal the program's own. The others are killed at a random moment,
# the program, gtviz or both: then the trace must open, and check may only speak of
# what is missing. The seed is printed; SEED= repeats a run.
# usage: GTVIZ=… SAMPLES=… O=… SOAK_SECONDS=… [SEED=…] soak.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
seed=${SEED:-$(date +%s)}
end=$(($(date +%s) + ${SOAK_SECONDS:-600}))
runs=0 kills=0 failed=0
echo "soak: SEED=$seed"

# A small generator of our own: the same seed, the same runs, in every shell.
random() { # BELOW
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	picked=$((seed / 65536 % $1))
}
complain() {
	failed=$((failed + 1))
	keep=${O:-build}/soak-$runs.gtv
	cp "$dir/t.gtv" "$keep" 2>/dev/null
	echo "soak: run $runs ($what): $1; the trace is kept as $keep"
}
# The value of a counter, in the GT_STATS line or in a report.
counters='spawns exits switches yields blocking_calls gil_handoffs lock_waits chan_sends chan_receives'
value() { sed -n "s/.*\"$1\": *\([0-9][0-9]*\).*/\1/p" | head -n 1; }

compare() {
	"$GTVIZ" report --json "$dir/t.gtv" >"$dir/report" 2>"$dir/err" ||
		{ complain "report: $(cat "$dir/err")"; return; }
	stats=$(grep '"spawns"' "$dir/stderr")
	counts=$(tr '\n' ' ' <"$dir/report" | sed 's/.*"counts": *\({[^}]*}\).*/\1/')
	lost=$(tr '\n' ' ' <"$dir/report" | sed 's/.*"lost": *\({[^}]*}\).*/\1/')
	case $lost in *[1-9]*) return ;; esac # then counts + lost is the unit tests' affair
	for key in $counters; do
		a=$(echo "$stats" | value "$key") b=$(echo "$counts" | value "$key")
		[ "$a" = "$b" ] || complain "$key: the program says $a, the trace $b"
	done
}

# Random programs on the simulated system, under every policy, some seeds further on.
model() {
	model="${O:-build}/tests/unit/runtime_model"
	[ -x "$model" ] || return
	random 1000000
	GT_MODEL_FIRST=$picked GT_MODEL_SEEDS=5 "$model" >"$dir/model" 2>&1 ||
		complain "runtime_model: $(grep -a 'GT_SIM=' "$dir/model" | head -n 1)"
	models=$((models + 5))
}

# An hour of virtual time of random operations, from a seed of its own. A failure names
# the policy and the seed that do it again.
hour() {
	soak="${O:-build}/tests/unit/runtime_soak"
	[ -x "$soak" ] || return
	random 1000000
	if GT_SOAK_FIRST=$((picked + 1)) GT_SOAK_SECONDS=${SOAK_VIRTUAL_SECONDS:-3600} "$soak" >"$dir/hour" 2>&1; then
		grep -a '^soak:' "$dir/hour"
	else
		complain "runtime_soak: $(grep -a 'GT_SOAK_FIRST=\|the model:\|not so' "$dir/hour" | tr '\n' ' ')"
	fi
}

models=0 what='an hour'
hour
while [ "$(date +%s)" -lt $end ]; do
	runs=$((runs + 1))
	what=model
	[ $((runs % 8)) = 1 ] && model
	random 8; policy=$(echo green gmp threads gil3 gil2 coop quantum offset | cut -d ' ' -f $((picked + 1)))
	random 3; level=$(echo 3 1 0 | cut -d ' ' -f $((picked + 1)))
	random 3
	case $picked in
	0) set -- pingpong ;;
	1) set -- fib 24 4 ;;
	2) set -- blocking ;;
	esac
	what="$* $policy level $level"
	rm -f "$dir/t.gtv"
	program=$1
	shift
	GT_STATS=1 "$GTVIZ" record -o "$dir/t.gtv" --level $level --policy $policy \
		"$SAMPLES/$program" "$@" >"$dir/stdout" 2>"$dir/stderr" &
	tracer=$!
	random 2
	if [ "$picked" = 0 ]; then
		wait $tracer
		status=$?
		if [ $status = 125 ]; then
			what="$what, left out: $(head -n 1 "$dir/stderr")"
			continue
		fi
		[ $status = 0 ] || complain "exit status $status"
		"$GTVIZ" check "$dir/t.gtv" >"$dir/check" 2>&1 ||
			complain "check: $(tail -n 3 "$dir/check")"
		compare
	else
		kills=$((kills + 1))
		random 300
		sleep "0.$(printf %03d "$picked")"
		random 3
		victims=
		[ "$picked" != 1 ] && victims=$(cat /proc/$tracer/task/*/children 2>/dev/null)
		[ "$picked" != 0 ] && victims="$victims $tracer"
		# shellcheck disable=SC2086
		[ -n "$victims" ] && kill -KILL $victims 2>/dev/null
		wait $tracer 2>/dev/null
		[ -s "$dir/t.gtv" ] || continue
		"$GTVIZ" report "$dir/t.gtv" >/dev/null 2>"$dir/err" ||
			complain "killed; report: $(cat "$dir/err")"
		"$GTVIZ" check "$dir/t.gtv" >"$dir/check" 2>&1
		[ $? -le 1 ] || complain "killed; check: exit status above 1"
	fi
done
echo "soak: $runs runs, $kills of them killed, $models simulated seeds, $failed failed"
[ $failed = 0 ]
