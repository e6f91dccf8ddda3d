#!/bin/sh
# The pictures of docs/systems, docs/tutorial.md and docs/reading-the-screen.md: programs of samples/ played on
# the simulated system, so that each comes out the same on every machine. `make pictures`
# draws them, tests/e2e/pictures.sh draws them again and compares; `commands` prints, one
# picture a line, how it is made by hand, as the pages say it: tests/lint/docs.sh compares.
# OUT_DIR/systems/runs.txt has a checksum and the length of each run's events, but for where in the program's file
# a function is, and for the numbers of file descriptors: these depend on what the caller has left open.
# usage: O=BUILD_DIR pictures_sim.sh draw OUT_DIR | commands
do=$1
[ "$do" != draw ] || O=$(cd "$O" && pwd) || exit 1
out=$2
failed=0
if [ "$do" = draw ]; then
	mkdir -p "$out/systems" "$out/screen" "$out/tutorial" && out=$(cd "$out" && pwd) || exit 1
	dir=$(mktemp -d) || exit 1
	trap 'rm -rf "$dir"' EXIT
	for program in "$O"/samples/*; do
		case $program in *.d) ;; *) ln -s "$program" "$dir/${program##*/}" ;; esac
	done
	cd "$dir" || exit 1
	# Nothing of whoever draws: no settings, no terminal, no policy.
	unset GT_POLICY GT_VERBOSE GT_STATS GT_PREEMPT GT_PRELOAD LD_PRELOAD LINES COLUMNS NO_COLOR
	export LC_ALL=C.UTF-8 XDG_CONFIG_HOME="$dir/none" TERM=xterm-256color
fi

run() { # TRACE POLICY PROGRAM ARGUMENTS…
	trace=$1 policy=$2 program=$3
	shift 3
	recorded="GT_SIM=1 ./gtviz record -o /tmp/$trace.gtv --policy $policy build/samples/$program${*:+ $*}"
	[ "$do" = draw ] || return
	GT_SIM=1 "$O/gtviz" record -o "$trace.gtv" --policy "$policy" "./$program" "$@" \
		>"$trace.said" 2>&1 || { cat "$trace.said"; failed=1; }
	echo "$("$O/gtviz" events --json "$trace.gtv" | sed 's/"\(entry\|fd\)":[0-9]*//' | cksum) $recorded" >>runs.txt
}

shot() { # FORMAT OUT OPTIONS… FILE…
	format=$1 to=$2
	shift 2
	"$O/gtviz" shot --size "$size" --format "$format" -o "$to" "$@"
}

# Of the trace that was run last; where -- stands behind the options, of those after it.
picture() { # PLACE/NAME OPTIONS… [-- TRACE…]
	place=$1 name=${1##*/} options='' files=''
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	[ "$1" = -- ] && shift || set -- "$trace"
	for file; do
		[ "$do" = draw ] && files="$files $file.gtv" || files="$files /tmp/$file.gtv"
	done
	if [ "$do" = draw ]; then
		# shellcheck disable=SC2086
		shot svg "$name.svg" $options $files && cp "$name.svg" "$out/$place.svg" &&
			chmod 644 "$out/$place.svg" || failed=1
	else
		printf '%s\t%s\t%s\n' "$place" "$recorded" \
			"./gtviz shot --size $size$options --format svg -o /tmp/$name.svg$files"
	fi
}

# Numbers beside the rows of the last picture: each is put where its text first stands.
number() { # NUMBER TEXT [ROWS_BELOW]
	row=$(awk -v text="$2" 'index($0, text) { print NR - 1; exit }' frame.txt)
	[ -n "$row" ] || { echo "pictures: no row has '$2'"; failed=1; return; }
	y=$((14 + 20 * (row + ${3:-0}) + 10))
	printf '<circle cx="-16" cy="%s" r="11" fill="#0e1116"/><text x="-16" y="%s" text-anchor="middle" font-family="sans-serif" font-size="14" font-weight="bold" fill="#ffffff">%s</text>\n' \
		"$y" $((y + 5)) "$1" >>numbers
}
numbered() { # PLACE/NAME OPTIONS… : as picture, with room for numbers
	picture "$@"
	[ "$do" = draw ] || return
	shift
	shot text frame.txt "$@" "$trace.gtv"
	: >numbers
}
with_numbers() {
	[ "$do" = draw ] || return
	awk 'NR == FNR { add = add $0 "\n"; next }
	FNR == 1 {
		match($0, / width="[0-9]+"/)
		wide = substr($0, RSTART + 8, RLENGTH - 9) + 34
		sub(/ width="[0-9]+"/, " width=\"" wide "\"")
		sub(/viewBox="0 0 [0-9]+/, "viewBox=\"-34 0 " wide)
	}
	/<\/svg>/ { printf "%s", add }
	{ print }' numbers "$name.svg" >"$out/$place.svg"
}

# ---- docs/systems: one system after the other -------------------------------------

size=100x20
run single single fib 24 3
picture systems/single --rows core
run coop windows1 turns 100 --polite 50
picture systems/coop --rows green
run quantum windowsnt turns 130
picture systems/quantum --rows green
run freeze gevent freeze 60 2
picture systems/green-freeze --rows green
run asyncio asyncio fetch 4 --delay 10 --executor
picture systems/asyncio --rows green
run raw asyncio fetch 4 --delay 10 --raw
picture systems/asyncio-blocking --rows green
run offset offset,pool=2 fetch 4 --delay 100 --executor
picture systems/offset --rows green
run latetimer offset latetimer
picture systems/offset-latetimer --rows green
size=100x24
run green gevent fetch 4 --delay 10
picture systems/green --rows green
run callbacks asyncio callbacks 5
picture systems/callbacks --rows green
run gmp gmp,cores=2 fib 25 6
picture systems/gmp --rows core
run sum gmp chansum
picture systems/gmp-chansum --rows green --select G2 --from 0us --to 2us
run threads threads,cores=2 fib 27 2 --pin
picture systems/threads --rows core
run gil2 gil2,cores=2 fib 24 2 --pin
picture systems/gil2 --rows core --from 1ms --to 1200us
run gil3 gil3,cores=2 fib 27 2 --pin
picture systems/gil3 --rows core --from 20ms --to 70ms
run one gil3,cores=2 convoy --spin 1 --seconds 0.1
picture systems/gil3-convoy --rows green --from 40ms --to 80ms --select G2
run kernel threads,cores=1 fib 28 3
picture systems/kernel --rows core --from 50ms --to 100ms
run migration threads affinity 3 12
picture systems/kernel-migration --rows core
run actors gmp,cores=1 actors 3 4
picture systems/actors --rows green
run spin threads,cores=2 spinlocks 0.01 3
picture systems/spinlocks --rows lock

# ---- docs/reading-the-screen.md: its parts, then its views ------------------------

size=112x40
run convoy gil3,cores=2 convoy --spin 2 --seconds 0.3
numbered screen/parts --rows core --select G2 --from 105ms --to 141ms
if [ "$do" = draw ]; then
	number 1 ' gtviz '
	number 2 ' trace '
	number 3 ' lock waiters'
	number 4 ' at 0'
	number 5 ' lock   '
	number 6 ' C0 '
	number 7 ' OS thread'
	number 8 ' GIL held by'
	number 9 '     waiters'
	number 10 ' G1 main'
	number 11 'G2 talker'
	number 12 ' W1 '
	number 13 ' selected '
	number 14 ' running ░'
	number 15 ' cursor '
	number 16 ' lost 0 '
	number 17 ' w/s '
fi
with_numbers
size=100x22
# A part of the file is written over: what stood there is lost.
if [ "$do" = draw ]; then
	cp convoy.gtv loss.gtv
	bytes=$(wc -c <convoy.gtv)
	dd if=/dev/zero of=loss.gtv bs=1 seek=$((bytes * 4 / 10)) count=$((bytes / 10)) conv=notrunc 2>/dev/null
fi
picture screen/loss --rows green -- loss
size=110x30
picture screen/threads --view threads --select G2
picture screen/locks --view locks --select G2 --at 131ms
picture screen/explain --view explain --select G2 --from 100ms --to 150ms
picture screen/latency --view latency
picture screen/load --view load --from 100ms --to 150ms
picture screen/findings --view findings
picture screen/events --view events --at 131ms
run waits gevent blocking 6
picture screen/calls --view calls
run quantum-convoy quantum convoy --spin 2 --seconds 0.3
picture screen/compare --view compare --from 100ms --to 180ms -- quantum-convoy convoy

# ---- docs/tutorial.md ---------------------------------------------------------------

size=110x26
run mended gil3,cores=2,interval=500us convoy --spin 1 --seconds 1
run free threads,cores=2 convoy --spin 1 --seconds 1
run convoy gil3,cores=2 convoy --spin 1 --seconds 1
picture tutorial/whole --rows green
picture tutorial/wait --rows green --from 520ms --to 540ms --select G2
picture tutorial/why --view explain --select G2 --from 520ms --to 540ms
picture tutorial/findings --view findings
size=110x38
picture tutorial/mended --view compare --from 500ms --to 540ms -- convoy mended
picture tutorial/free --view compare --from 500ms --to 540ms -- convoy free
[ "$do" != draw ] || sort -u -k 3 runs.txt >"$out/systems/runs.txt" || failed=1
exit $failed
