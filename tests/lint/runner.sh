#!/bin/sh
# The test runner counts what happened: a pass, a skip with its reason, a failure,
# a crash in the middle of a case, a time limit, a program that did not build.
# usage: runner.sh
here=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0
program() { printf '#!/bin/sh\n%s\n' "$2" >"$tmp/$1"; chmod +x "$tmp/$1"; }
# What cmocka prints of a case.
begin='echo "[==========] Running 1 test(s)."; echo "[ RUN      ] a";'
end='echo "[==========] 1 test(s) run."; echo "[  PASSED  ] 1 test(s).";'

limit=60
expect() { # PROGRAM LAST_LINE STATUS [TEXT]
	said=$(sh "$here/run.sh" -l "$tmp/log" -s t -t "$limit" "$tmp/$1" 2>&1)
	status=$?
	last=$(echo "$said" | tail -n 1)
	[ "$last" = "$2" ] && [ $status = "$3" ] ||
		{ echo "$1: \"$last\", exit status $status; expected \"$2\", $3"; bad=1; }
	case $said in *"$4"*) ;; *) echo "$1: does not say: $4"; bad=1 ;; esac
}

program good "$begin echo '[       OK ] a'; $end"
expect good '1 passed, 0 failed, 0 skipped' 0
program skips "$begin echo 'skip: needs a dog'; echo '[  SKIPPED ] a'; $end echo '[  SKIPPED ] a'"
expect skips '0 passed, 0 failed, 1 skipped' 0 'SKIPPED t/skips a: needs a dog'
program fails "$begin echo '[  FAILED  ] a'; $end echo '[  FAILED  ] a'; exit 1"
expect fails '0 passed, 1 failed, 0 skipped' 1 'FAILED t/fails a'
program setup "$begin echo '[  ERROR   ] a'; $end exit 1"
expect setup '0 passed, 1 failed, 0 skipped' 1 'FAILED t/setup a'
program dies "$begin kill -SEGV \$\$"
expect dies '0 passed, 1 failed, 0 skipped' 1 'took the program with it: exit status 139'
program leaks "$begin echo '[       OK ] a'; $end exit 23"
expect leaks '1 passed, 1 failed, 0 skipped' 1 'exit status is 23'
program hangs 'exec sleep 600'
limit=1
expect hangs '0 passed, 1 failed, 0 skipped' 1 'over its time limit'
limit=60
expect missing '0 passed, 1 failed, 0 skipped' 1 'did not build'
program plain 'exit 0'
expect plain '1 passed, 0 failed, 0 skipped' 0
program wants 'echo "skip: no hands"; exit 77'
expect wants '0 passed, 0 failed, 1 skipped' 0 'no hands'

# Side by side: two that wait for each other, so one after the other the first would hang. They are
# told in their order.
mkfifo "$tmp/there" "$tmp/back"
program one "echo now >'$tmp/there'; read -r word <'$tmp/back'"
program two "read -r word <'$tmp/there'; echo now >'$tmp/back'; exit 1"
program three 'echo "skip: enough"; exit 77'
said=$(timeout 60 sh "$here/run.sh" -l "$tmp/log" -s t -j 2 "$tmp/one" "$tmp/two" "$tmp/three" 2>&1)
order=$(echo "$said" | sed -n 's|^t/\([a-z]*\) .*|\1|p' | tr '\n' ' ')
[ "$order" = 'one two three ' ] || { echo "side by side: told in the order: $order"; bad=1; }
last=$(echo "$said" | tail -n 1)
[ "$last" = '1 passed, 1 failed, 1 skipped' ] || { echo "side by side: \"$last\""; bad=1; }
exit $bad
