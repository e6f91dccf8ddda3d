#!/bin/sh
# Without a level asked for the best that works is taken: 3, and where BPF is not allowed
# 2, where tracepoints are not either 1. Doctor says the same, and why.
gtviz=${GTVIZ:-build/gtviz}
[ "$(id -u)" = 0 ] || { echo 'skipped: only root can give privileges away'; exit 77; }
setpriv --bounding-set -bpf true 2>/dev/null || { echo 'skipped: setpriv does not work here'; exit 77; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
fail() { echo "ladder: $*"; bad=1; }
without() { # CAPS COMMAND…: e.g. -bpf,-sys_admin
	caps=$1; shift
	setpriv --bounding-set "$caps" --inh-caps "$caps" "$@"
}
works() { "$@" "$gtviz" doctor | grep -q "^  level $level .* works\$\|^  level $level .* works: used"; }
used() { # LEVEL COMMAND…: doctor and a recording agree that it is that one
	level=$1; shift
	"$@" "$gtviz" doctor | grep -q "^  level $level .* works: used" || fail "doctor does not choose level $level"
	"$@" "$gtviz" record -o "$dir/t.gtv" -- true 2>"$dir/err" || fail "record fails: $(cat "$dir/err")"
	"$gtviz" report --json "$dir/t.gtv" | grep -q "\"level\":$level," || fail "the recording is not of level $level"
	"$gtviz" check "$dir/t.gtv" >"$dir/check" || fail "$(cat "$dir/check")"
}

seen=0
level=3
if works env; then
	used 3 env
	seen=1
fi
level=2
if works without -bpf,-sys_admin; then
	used 2 without -bpf,-sys_admin
	without -bpf,-sys_admin "$gtviz" doctor | grep -q 'level 3 .*CAP_BPF' || fail 'doctor does not say what level 3 wants'
	seen=1
fi
level=1
if works without -bpf,-sys_admin,-perfmon; then
	used 1 without -bpf,-sys_admin,-perfmon
	without -bpf,-sys_admin,-perfmon "$gtviz" doctor | grep -q 'level 2 .*CAP_PERFMON' || fail 'doctor does not say what level 2 wants'
	seen=1
fi
[ $seen = 1 ] || { echo 'skipped: there is no kernel source here'; exit 77; }
exit $bad
