#!/bin/sh
# Runs test programs and says what happened: one after the other, or those of a suite
# JOBS at a time, told in their order.
#
# usage: run.sh -l LOGDIR { -s SUITE [-t SECONDS] [-j JOBS] [-w WRAPPER] [-a ARGUMENTS] PROGRAM… }…
#
# A program is either cmocka's (its cases are counted by its own lines) or any
# other: then it is one case: exit status 0 passed, 77 skipped, else failed.
# What a skipped case printed last is shown as the reason. A program that is not
# there did not build: a failure. WRAPPER and ARGUMENTS stand before and after the
# program's name.
#
# The last line is "N passed, N failed, N skipped"; the exit status is 1 if
# anything failed.

# Whatever surrounds whoever calls, a test's surroundings are these: no policy, settings,
# colours or language of his, nor who he was before sudo; files that others may read; no core
# files; and no signal that he ignores, as far as env can see to that.
unset GT_SIM GT_POLICY GT_VERBOSE GT_STATS GT_PREEMPT GT_PRELOAD GT_SIGQUIT NO_COLOR LINES COLUMNS GENERATE \
	SUDO_UID SUDO_GID SUDO_USER LANG LANGUAGE POSIXLY_CORRECT GREP_COLORS CDPATH ENV BASH_ENV
export LC_ALL=C.UTF-8 XDG_CONFIG_HOME=/nonexistent
umask 022
# shellcheck disable=SC3045
ulimit -c 0 2>/dev/null
afresh=
env --default-signal true 2>/dev/null && afresh='env --default-signal'

logs=
suite=
limit=120
wrapper=
arguments=
jobs=1
running='' beside=0 # pids and their programs; how many
total_passed=0 total_failed=0 total_skipped=0

# Log in; out: "PASSED FAILED SKIPPED", then "skip NAME: REASON" and "fail NAME".
# cmocka repeats names in its closing list, so only lines between "Running" and
# "run." count. A case that was begun and never ended took the program with it.
read_log() { # LOG EXIT_STATUS
	awk -v status="$2" '
	function name() { sub(/^\[[ A-Z]*\] /, ""); return $0 }
	function skip(what) { note[++notes] = "skip " what (said != "" ? ": " said : ": (no reason given)"); skipped++ }
	function fail(what) { note[++notes] = "fail " what; failed++ }
	{ sub(/\r$/, "") }
	/^\[==========\] .*Running/ { cmocka = running = 1; next }
	/^\[==========\] .*run\.$/ { running = 0; next }
	running && /^\[ RUN      \]/ { open = name(); said = ""; next }
	running && /^\[       OK \]/ { passed++; open = ""; next }
	running && /^\[  SKIPPED \]/ { skip(name()); open = ""; next }
	running && /^\[  FAILED  \]/ { fail(name()); open = ""; next }
	running && /^\[  ERROR   \] [A-Za-z_0-9]+$/ && open != "" && $NF == open { fail(name()); open = ""; next }
	/[^ \t]/ { said = $0; sub(/^skip(ped)?: */, "", said) }
	END {
		if (open != "")
			fail(open " (took the program with it: exit status " status ")")
		else if (running)
			fail("the program ended early: exit status " status)
		else if (cmocka && status != 0 && !failed)
			fail("all cases passed, but the exit status is " status)
		if (!cmocka) {
			if (status == 0) passed++
			else if (status == 77) skip("(all)")
			else fail("exit status " status)
		}
		print passed + 0, failed + 0, skipped + 0
		for (i = 1; i <= notes; i++) print note[i]
	}' "$1"
}

seconds() { date +%s; }

log_of() { # PROGRAM
	echo "$logs/$(echo "$suite/$(basename "$1")" | tr '/ ' '__').log"
}

# Leaves its output in LOG, and what read_log says of it, with the seconds it took, in
# LOG.result: safe to be run beside others.
run_one() { # PROGRAM LOG
	begin=$(seconds)
	if [ -x "$1" ]; then
		# shellcheck disable=SC2086
		timeout -k 5 "$limit" $afresh $wrapper "$1" $arguments >"$2" 2>&1 </dev/null
		status=$?
		[ $status = 124 ] && echo "over its time limit of $limit s" >>"$2"
	else
		echo "$1 did not build" >"$2"
		status=1
	fi
	{ echo "$(($(seconds) - begin))"; read_log "$2" $status; } >"$2.result"
}

report() { # PROGRAM LOG
	label=$suite/$(basename "$1")
	log=$2
	# shellcheck disable=SC2046
	set -- $(head -n 2 "$log.result")
	result=$(tail -n +3 "$log.result")
	rm -f "$log.result"
	total_passed=$((total_passed + $2))
	total_failed=$((total_failed + $3))
	total_skipped=$((total_skipped + $4))
	verdict="$2 passed"
	[ "$3" != 0 ] && verdict="$verdict, $3 FAILED"
	[ "$4" != 0 ] && verdict="$verdict, $4 skipped"
	printf '%-34s %s  (%d s)\n' "$label" "$verdict" "$1"
	echo "$result" | sed -n "s|^skip |  SKIPPED $label |p" | tee -a "$logs/skipped"
	if [ "$3" != 0 ]; then
		echo "$result" | sed -n "s|^fail |  FAILED $label |p" | tee -a "$logs/failed"
		echo "  --- the end of $log:"
		tail -n 30 "$log" | sed 's/^/  | /'
	fi
}

# The oldest of those that run: waits for it and reports it.
settle() {
	# shellcheck disable=SC2086
	set -- $running
	wait "$1"
	report "$2" "$(log_of "$2")"
	shift 2
	running=$*
	beside=$((beside - 1))
}

finish() { # …all that run
	while [ $beside -gt 0 ]; do settle; done
}

start() { # PROGRAM
	if [ "$jobs" = 1 ]; then
		run_one "$1" "$(log_of "$1")"
		report "$1" "$(log_of "$1")"
		return
	fi
	[ $beside -lt "$jobs" ] || settle
	run_one "$1" "$(log_of "$1")" &
	running="$running $! $1"
	beside=$((beside + 1))
}

while [ $# -gt 0 ]; do
	case $1 in
	-l) logs=$2; shift 2; mkdir -p "$logs" && : >"$logs/skipped" && : >"$logs/failed" || exit 2 ;;
	-s) finish; suite=$2 limit=120 wrapper='' arguments='' jobs=1; shift 2 ;;
	-j) jobs=$2; shift 2 ;;
	-t) limit=$2; shift 2 ;;
	-w) wrapper=$2; shift 2 ;;
	-a) arguments=$2; shift 2 ;;
	*)  start "$1"; shift ;;
	esac
done
finish
[ -n "$logs" ] || { echo "usage: $0 -l LOGDIR { -s SUITE [-t SECONDS] [-j JOBS] [-w WRAPPER] [-a ARGUMENTS] PROGRAM… }…" >&2; exit 2; }

if [ $total_skipped != 0 ]; then
	echo
	echo "Skipped:"
	cat "$logs/skipped"
fi
if [ $total_failed != 0 ]; then
	echo
	echo "Failed:"
	cat "$logs/failed"
fi
echo
echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
[ $total_failed = 0 ]
