#!/bin/sh
# Runtimes that are not libgt, and tell of themselves through gtv_emit.h: the counts in the
# trace are what the program did, check finds nothing, and so from Python through ctypes.
# usage: O=build emit.sh
O=${O:-build}
gtviz=$O/gtviz
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

told() { # CASE COMMAND…
	echo "[ RUN      ] $1"
	if said=$("$2" 2>&1); then
		case $said in
		skip:*) echo "  $said"; echo "[  SKIPPED ] $1" ;;
		*) echo "[       OK ] $1" ;;
		esac
	else
		echo "$said" | sed 's/^/  | /'
		echo "[  FAILED  ] $1"
		failed=1
	fi
}

record() { # PROGRAM ARGUMENTS…
	timeout 60 "$gtviz" record -o "$dir/a.gtv" -- "$@" >/dev/null || return 1
	"$gtviz" check "$dir/a.gtv" || return 1
	"$gtviz" report --json "$dir/a.gtv" | tr '\n' ' ' >"$dir/report"
}
counts() { # NAME=VALUE…
	for pair in "$@"; do
		value=$(sed 's/.*"counts": *\({[^}]*}\).*/\1/' "$dir/report" |
			sed -n "s/.*\"${pair%=*}\": *\([0-9]*\).*/\1/p")
		[ "$value" = "${pair#*=}" ] || { echo "$pair, in the trace $value"; return 1; }
	done
}

coroutines() {
	record "$O/samples/coroutines" || return 1
	counts spawns=2 exits=2 yields=400 lock_takes=400 lock_drops=400 || return 1
	for word in '"clerk-1"' '"clerk-2"' '"ledger"' '"coroutines"'; do
		grep -q "$word" "$dir/report" || { echo "no $word in the report"; return 1; }
	done
	"$gtviz" events --json --kind mark "$dir/a.gtv" | grep -q 'books closed' || { echo 'no mark'; return 1; }
}

generators() {
	python3 -c 'import ctypes' 2>/dev/null || { echo 'skip: no python3 with ctypes'; return 0; }
	[ -e "$O/gtv_emit.so" ] || { echo "no $O/gtv_emit.so"; return 1; }
	record python3 samples/emit/generators.py "$O/gtv_emit.so" || return 1
	counts spawns=4 exits=4 yields=180 joins=3 wakes=3
}

if nm "$O/gtv_emit.so" 2>/dev/null | grep -qE '__(a|t)san_'; then
	echo 'skipped: needs a plain build'
	exit 77
fi
echo '[==========] Running the foreign runtimes.'
told coroutines_on_ucontext coroutines
told generators_through_ctypes generators
echo '[==========] foreign runtimes run.'
exit $failed
