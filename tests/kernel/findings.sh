#!/bin/sh
# Findings end to end: programs that have what a rule looks for, and programs that have
# not, recorded on the simulated system, where a seed always gives the same run; so the
# list of what is found is exact.
# usage: O=build CC=cc findings.sh
O=${O:-build} CC=${CC:-cc}
gtviz=$O/gtviz samples=$O/samples
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
if nm "$O/libgt.a" 2>/dev/null | grep -qE '__(a|t)san_'; then
	echo "skipped: programs are linked with a plain libgt"
	exit 77
fi
[ -x "$gtviz" ] || { echo "no $gtviz"; exit 1; }
$CC -std=gnu17 -D_GNU_SOURCE -O2 -iquote runtime -o "$dir/findings" tests/programs/findings.c "$O/libgt.a" \
	-lpthread || exit 1

fail() {
	echo "$*"
	bad=1
}
record() { # SIM POLICY PROGRAM…
	sim=$1 policy=$2
	shift 2
	GT_SIM=$sim GT_POLICY=$policy timeout 60 "$gtviz" record -o "$dir/trace.gtv" -- "$@" >/dev/null 2>"$dir/err"
}
# The kinds of the findings, worst first.
kinds() {
	"$gtviz" report --json "$dir/trace.gtv" | grep -o '"kind":"[a-z_]*","severity"' | cut -d'"' -f4 | tr '\n' ' ' | sed 's/ $//'
}
finds() { # KINDS SIM POLICY PROGRAM…
	wanted=$1
	shift
	record "$@"
	found=$(kinds)
	# Where the simulated kernel puts who wakes is its seed's choice: a note about that
	# counts where it is looked for.
	case " $wanted " in *' ping_pong '*) ;; *) found=$(echo " $found " | sed 's/ ping_pong / /; s/^ *//; s/ *$//') ;; esac
	[ "$found" = "$wanted" ] || fail "$*: found \"$found\", not \"$wanted\""
	"$gtviz" report "$dir/trace.gtv" >"$dir/report" || fail "$*: report"
	if [ -n "$wanted" ]; then
		grep -q '^FINDINGS' "$dir/report" && grep -q '      try: ' "$dir/report" || fail "$*: the report does not say so"
		# Where to look is somewhere that can be looked at.
		see=$(sed -n 's/^ *see \(--from [0-9]*ns --to [0-9]*ns\),.*/\1/p' "$dir/report" | head -1)
		# shellcheck disable=SC2086 # two options and their words
		"$gtviz" shot "$dir/trace.gtv" $see >/dev/null || fail "$*: see $see"
	elif [ -z "$(kinds)" ]; then
		grep -q '^NO FINDINGS' "$dir/report" && grep -q 'checked, and fine' "$dir/report" || fail "$*: no findings are not told"
	fi
}

# The convoy, and what other schedulers make of the same program.
finds convoy 1 gil3 "$samples/convoy" --seconds 0.3
finds '' 1 gil3 "$samples/fib" 22 4
finds 'convoy unfair_lock false_wakeups' 1 gil2 "$samples/convoy" --seconds 0.3
finds never_yields 1 green "$samples/convoy" --seconds 0.3
finds '' 1 threads "$samples/convoy" --seconds 0.3
finds '' 1 gmp "$samples/convoy" --seconds 0.3
# Blocking calls on the only worker; beside a pool they are none.
finds blocking_call 1 coop "$samples/blocking" 10
finds '' 1 green "$samples/blocking" 10
finds '' 1 asyncio "$samples/blocking" 10
finds '' 1 gmp "$samples/blocking" 10
# The same one again and again, while others are ready.
finds 'blocking_call starvation' 1 coop "$samples/blocking" 20
# More threads than cores, or as many.
finds oversubscription 1 threads "$samples/fib" 22 4
finds '' 1,cores=4 threads "$samples/fib" 22 4
finds '' 1 gmp "$samples/fib" 22 4
# Locks that spin: their holder loses its core.
record 1 threads "$samples/spinlocks" 0.02
case " $(kinds) " in *' oversubscription lock_holder_off_core '*) ;; *) fail "spinlocks: $(kinds)" ;; esac
# Two that throw a ball go to and fro between cores; on one worker they do not.
finds ping_pong 1 threads "$samples/pingpong" 2000
finds '' 1 green "$samples/pingpong" 2000
for policy in green gmp threads gil3; do
	finds wait_cycle 1 $policy "$dir/findings" cycle
done
for policy in green threads; do
	finds lock_holder_off_core 1 $policy "$dir/findings" asleep
done
finds '' 1 threads "$dir/findings" ordered
finds '' 1 gmp "$dir/findings" working
finds '' 1 threads "$dir/findings" working
finds idle_core 1 threads "$dir/findings" together
finds '' 1 threads "$dir/findings" apart
# Two on cores of their own and one lock that spins.
finds unfair_lock 1,cores=2 threads "$dir/findings" unfair
finds '' 1,cores=2 threads "$dir/findings" fair

# OS threads that wait for one another: the kernel's word, where it may be asked.
$CC -std=gnu17 -D_GNU_SOURCE -O2 -o "$dir/embrace" tests/programs/embrace.c -lpthread || exit 1
timeout 60 "$gtviz" record -o "$dir/trace.gtv" -- "$dir/embrace" || fail "embrace: status $?"
case $("$gtviz" report --json "$dir/trace.gtv" | tr '\n' ' ') in
*'"level":3'*) case " $(kinds) " in *' wait_cycle '*) ;; *) fail "embrace: found \"$(kinds)\"" ;; esac ;;
*) echo '  (skip: no level 3 here: futexes are not seen)' ;;
esac

# Plain pthreads: what the kernel tells. A machine that others use too may add findings.
$CC -std=gnu17 -D_GNU_SOURCE -O2 -o "$dir/plain" tests/programs/findings_plain.c -lpthread || exit 1
plain() { # WHAT LEVEL KIND; ten tries of a sixth of a second, for who else uses the machine takes part in it
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		attempt "$@" || return 1
		case $found in *" $3 "*) return 0 ;; esac
	done
	fail "plain $1: found \"$found\", not $3"
}
attempt() { # WHAT LEVEL
	timeout 60 "$gtviz" record -o "$dir/trace.gtv" -- "$dir/plain" "$1" 2>"$dir/err"
	status=$?
	level=$("$gtviz" report --json "$dir/trace.gtv" | tr '\n' ' ' | sed -n 's/.*"level": *\([0-9]\).*/\1/p')
	found=" $(kinds) "
	[ $status = 3 ] && { echo "  (skip: $1: it takes two cores)"; return 1; }
	[ $status = 0 ] || { fail "plain $1: status $status"; return 1; }
	[ "${level:-0}" -ge "$2" ] || { echo "  (skip: $1: level ${level:-?} here, not $2)"; return 1; }
}
plain moves 1 ping_pong
plain asleep 3 lock_holder_off_core
plain asleep 3 convoy
attempt stays 1 && case $found in *' ping_pong '*) fail "plain stays: found \"$found\"" ;; esac
exit $bad
