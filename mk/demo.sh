#!/bin/sh
# `make demo`: gtviz live on a bundled program. Without a terminal the same program
# is recorded and one frame of it printed.
# usage: O=DIR demo.sh
if [ -t 0 ] && [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
	"$O/gtviz" --policy gil3 "$O/samples/fib" 32 4 --seconds 20
	status=$?
	# q ends the program by SIGTERM, which is its exit status then: no failure of make's.
	[ $status = 143 ] || exit $status
	exit 0
fi
trace=$(mktemp) || exit 1
trap 'rm -f "$trace"' EXIT
echo 'There is no terminal here: recording two seconds, then one frame.'
"$O/gtviz" record -o "$trace" --policy gil3 "$O/samples/fib" 32 4 --seconds 2 &&
	"$O/gtviz" shot "$trace" --size 100x30 --format text
