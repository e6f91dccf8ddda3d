#!/bin/sh
# Exports are read by readers that are not ours (a JSON parser, protoc with a schema of
# the published field numbers), and have the counts and times of report and events.
# usage: O=build [SAMPLES=…] [GTVIZ=…] export.sh
O=${O:-build} GTVIZ=${GTVIZ:-$O/gtviz} SAMPLES=${SAMPLES:-$O/samples} TOOLS=${TOOLS:-$O/tests}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
fail() {
	echo "$*"
	bad=1
}
[ -x "$GTVIZ" ] || { echo "no $GTVIZ"; exit 1; }
python3 -c '' 2>/dev/null || { echo 'skipped: no python3, so nobody reads the exports'; exit 77; }
without=
command -v protoc >/dev/null || without=' (Perfetto not read: no protoc here; install protobuf-compiler)'

verify() { # NAME
	trace=$dir/$1.gtv
	"$GTVIZ" report --json "$trace" >"$dir/report" && "$GTVIZ" events --json "$trace" >"$dir/events" ||
		fail "$1: report or events failed"
	"$GTVIZ" export "$trace" --to chrome -o "$dir/out.json" || fail "$1: chrome: status $?"
	python3 tests/e2e/export.py chrome "$dir/out.json" "$dir/report" "$dir/events" ||
		fail "$1: chrome: see above"
	[ -n "$without" ] && return
	"$GTVIZ" export --to perfetto "$trace" -o - >"$dir/out.pb" || fail "$1: perfetto: status $?"
	protoc -I tests/e2e --decode=Trace perfetto.proto <"$dir/out.pb" >"$dir/out.txt" ||
		fail "$1: protoc cannot decode it"
	grep -qE '^ *[0-9]+[:{ ]' "$dir/out.txt" && fail "$1: fields that the schema does not have"
	python3 tests/e2e/export.py perfetto "$dir/out.txt" "$dir/report" "$dir/events" ||
		fail "$1: perfetto: see above"
}
record() { # NAME POLICY PROGRAM…
	name=$1 policy=$2
	shift 2
	GT_POLICY=$policy timeout 60 "$GTVIZ" record -o "$dir/$name.gtv" -- "$@" >/dev/null 2>"$dir/err" ||
		fail "record $*: $(cat "$dir/err")"
	verify "$name"
}

record gmp gmp "$SAMPLES/chansum"
record gil gil3 "$SAMPLES/fib" 15 3
record pool green "$SAMPLES/blocking"
record plain gmp sh -c 'for i in 1 2 3; do cat /dev/null; done'
GT_SIM=5 record sim gmp "$SAMPLES/fib" 12 3
# Lost events, and parts of the file that cannot be read.
timeout 60 "$GTVIZ" record --buffer 64K -o "$dir/lossy.gtv" -- "$SAMPLES/pingpong" 20000 >/dev/null 2>&1
[ -s "$dir/lossy.gtv" ] && verify lossy
"$TOOLS/tracegen" 100000 4 "$dir/made.gtv" 3 >/dev/null && verify made
size=$(wc -c <"$dir/made.gtv")
head -c $((size / 2)) "$dir/made.gtv" >"$dir/cut.gtv"
for at in 3 5 7; do
	printf 'damage' | dd of="$dir/cut.gtv" bs=1 seek=$((size * at / 16)) conv=notrunc 2>/dev/null
done
verify cut

# What is refused, and what a reader that goes away makes of it.
"$GTVIZ" export "$dir/made.gtv" --to svg -o "$dir/x" 2>"$dir/err" && fail 'a format that is none'
[ "$(wc -l <"$dir/err")" = 1 ] || fail 'an error is one line'
"$GTVIZ" export "$dir/made.gtv" --to chrome 2>/dev/null
[ $? = 2 ] || fail 'without -o: wrong usage'
"$GTVIZ" export "$dir/made.gtv" --to chrome -o - | head -c 1000 >/dev/null
[ $bad = 0 ] && echo "exports agree$without"
exit $bad
