#!/bin/sh
# The samples that show what the talks tell, by what they print: the order of a channel's
# sums, the flip race, spinlocks, the convoy, and the loop's interfaces. Figures of a
# machine that others use too: each has three tries, and is asked for its sense only.
# usage: SAMPLES=… samples.sh
samples=${SAMPLES:-build/samples}
failed=0

told() { # CASE COMMAND… (which says why it fails)
	case=$1
	shift
	echo "[ RUN      ] $case"
	for _ in 1 2 3; do
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
	GT_POLICY=$policy timeout 60 "$samples/$program" "$@"
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

unfairness() { # LOCK MINIMUM MAXIMUM
	ratio=$(sample threads spinlocks 0.2 | grep "^$1" | after most/least)
	is "\"$ratio\" != \"\" && $ratio+0 >= $2 && $ratio+0 <= $3"
}

trips() { # POLICY SPINNERS
	sample "$1" convoy --spin "$2" --seconds 0.3 | before round
}

# One that computes costs an interval for each round trip.
convoy() {
	alone=$(trips gil3 0) long=$(trips gil3,interval=20ms 1) short=$(trips gil3,interval=2ms 1)
	is "$alone+0 > 10 * $long && $short+0 > 2 * $long"
}

loops() {
	printed=$(timeout 60 "$samples/loop" "$@") || return
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
told flips_race_seldom_under_quantum flips quantum 0 1000
told flips_with_a_mutex_do_not flips threads 0 0 --flips 100000 --mutex
told test_and_set_starves unfairness test-and-set 10 1e9
told ticket_goes_round unfairness ticket 1 1.5
told mcs_goes_round unfairness mcs 1 1.5
told convoy_follows_the_interval convoy
told loops loops select poll epoll
echo '[==========] samples run.'
exit $failed
