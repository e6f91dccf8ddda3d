#!/bin/sh
# The samples that show what the talks tell, by what they print: the order of a channel's
# sums, the flip race, spinlocks, the convoy, and the loop's interfaces. Figures of a
# machine that others use too: each has many tries, and is asked for its sense only; what
# depends on who happens to be on which core is asked of the simulated system.
# usage: SAMPLES=… samples.sh
samples=${SAMPLES:-build/samples}
failed=0

told() { # CASE COMMAND… (which says why it fails)
	case=$1
	shift
	echo "[ RUN      ] $case"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		if said=$("$@" 2>&1); then
			echo "[       OK ] $case"
			return
		fi
	done
	echo "$said" | sed 's/^/  | /'
	echo "[  FAILED  ] $case"
	failed=1
}

sample() { # POLICY SAMPLE ARGUMENTS…
	policy=$1 program=$2
	shift 2
	GT_POLICY=$policy timeout 300 "$samples/$program" "$@"
}

prints() { # TEXT POLICY SAMPLE ARGUMENTS…
	text=$1
	shift
	printed=$(sample "$@")
	echo "$printed"
	[ "$printed" = "$text" ]
}

# The figure behind a word, or before it.
after() { # WORD
	sed -n "s|.*$1 *\([0-9.]*\).*|\1|p" | head -n 1
}
before() { # WORD
	sed -n "s/.*[^0-9.]\([0-9.][0-9.]*\) *$1.*/\1/p" | head -n 1
}
is() { # EXPRESSION
	awk "BEGIN { exit !($1) }" || { echo "not so: $1"; return 1; }
}

flips() { # POLICY MINIMUM MAXIMUM ARGUMENTS…
	policy=$1 least=$2 most=$3
	shift 3
	wrong=$(sample "$policy" flip "$@" | before 'of [0-9]* read-backs')
	is "\"$wrong\" != \"\" && $wrong+0 >= $least && $wrong+0 <= $most"
}

# Where a slice ends may lie between a write and its read-back: so many at most, of all
# switches there were. That is rare, and with two cores it is not so.
flips_only_at_switches() {
	said=$(GT_STATS=1 sample quantum flip 2>&1)
	wrong=$(echo "$said" | before 'of [0-9]* read-backs')
	switches=$(echo "$said" | sed -n 's/.*"switches":\([0-9]*\).*/\1/p')
	is "\"$wrong\" != \"\" && \"$switches\" != \"\" && $wrong+0 <= $switches+0"
}

# By the simulated system, where nobody else is: the ticket and MCS locks go round, and
# who waits for test-and-set waits long.
spinlocks_differ() {
	said=$(GT_SIM=1 sample threads spinlocks 0.2)
	echo "$said"
	tas=$(echo "$said" | grep '^test-and-set' | after 'worst wait') || return
	for lock in ticket mcs; do
		row=$(echo "$said" | grep "^$lock")
		ratio=$(echo "$row" | after most/least) worst=$(echo "$row" | after 'worst wait')
		is "\"$ratio\" != \"\" && $ratio+0 <= 1.1 && $tas+0 > 20 * $worst" || return
	done
}

# Here: that each works and says its figures.
spinlocks_run() {
	said=$(sample threads spinlocks 0.1)
	echo "$said"
	[ "$(echo "$said" | grep -cE '^[a-z-]+ +[1-9][0-9]* times, most/least +[0-9.]+, worst wait +[0-9.]+ ms$')" = 3 ]
}

trips() { # POLICY SPINNERS
	GT_SIM=1 sample "$1" convoy --spin "$2" --seconds 0.3 | before round
}

# One that computes costs an interval for each round trip: by the simulated system.
convoy() {
	alone=$(trips gil3 0) long=$(trips gil3,interval=20ms 1) short=$(trips gil3,interval=2ms 1)
	is "$alone+0 > 5 * $long && $short+0 > 1.5 * $long"
}

loops() {
	printed=$(timeout 300 "$samples/loop" "$@") || return
	echo "$printed"
	[ "$(echo "$printed" | grep -c ' us$')" = $# ]
}

echo '[==========] Running the samples.'
told sums_under_gmp prints '-5 17 12' gmp chansum
told sums_under_offset prints '17 -5 12' offset chansum
if [ "$(nproc)" -gt 1 ]; then
	told flips_race_on_two_cores flips threads 1 2000000
else
	echo '  (skip: one core: no race between two)'
fi
told flips_race_seldom_under_quantum flips_only_at_switches
told flips_with_a_mutex_do_not flips threads 0 0 --flips 100000 --mutex
told spinlocks_differ spinlocks_differ
told spinlocks_run spinlocks_run
told convoy_follows_the_interval convoy
told loops loops select poll epoll
echo '[==========] samples run.'
exit $failed
