#!/bin/sh
# In a container whose filter refuses bpf and perf_event_open (tests/tools/contained.c):
# doctor says for each level why it does not work and what to allow; level 0 works, and says
# so; a level that is asked for by name is refused in one line.
# usage: O=build TOOLS=build/tests SAMPLES=build/samples contained.sh
O=${O:-build} TOOLS=${TOOLS:-$O/tests} SAMPLES=${SAMPLES:-$O/samples}
gtviz=$O/gtviz inside=$TOOLS/contained
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
fail() {
	echo "$*"
	bad=1
}

"$inside" true || { echo 'skipped: no seccomp filters here'; exit 77; }
"$inside" "$gtviz" doctor >"$dir/doctor" || fail "doctor: status $?"
for level in 3 2 1; do
	grep -A 1 "^ *level $level " "$dir/doctor" | tr '\n' ' ' >"$dir/line"
	case $level in
	3) grep -q 'not built' "$dir/line" && continue ;;
	esac
	grep -q 'seccomp.*in a container: .*--cap-add.*allows bpf and perf_event_open' "$dir/line" ||
		fail "doctor on level $level: $(cat "$dir/line")"
	"$inside" "$gtviz" record --level $level -o "$dir/no.gtv" true 2>"$dir/said" &&
		fail "level $level works in a container"
	[ "$(wc -l <"$dir/said")" = 1 ] || fail "--level $level says: $(cat "$dir/said")"
done
grep -q 'level 0 .*works: used' "$dir/doctor" || fail 'doctor does not offer level 0'
"$inside" "$gtviz" record -o "$dir/a.gtv" "$SAMPLES/fib" 20 >/dev/null || fail "record: status $?"
"$gtviz" check "$dir/a.gtv" | grep -q ': good.*level 0' || fail "check: $("$gtviz" check "$dir/a.gtv")"
exit $bad
