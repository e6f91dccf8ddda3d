#!/bin/sh
# Recording into pipes, and reading from them: what comes out is what a file holds; a
# reader that is slow or goes away costs the program nothing and is told; and where no
# trace can be written, one line says so and what was written before can be read.
# usage: O=build streams.sh
O=$(cd "${O:-build}" && pwd) || exit 1
gtviz=${GTVIZ:-$O/gtviz} samples=${SAMPLES:-$O/samples}
case $gtviz in /*) ;; *) gtviz=$PWD/$gtviz ;; esac
dir=$(mktemp -d) || exit 1
mounted=
trap '[ -n "$mounted" ] && umount "$dir/disk"; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
bad=0
fail() {
	echo "$*"
	bad=1
}
# What gtviz said: exactly one line, which speaks of this.
one_line() { # FILE TEXT WHAT
	[ "$(grep -c '^gtviz: ' "$1")" = 1 ] || fail "$3: not one line: $(cat "$1")"
	grep -q "^gtviz: .*$2" "$1" || fail "$3: nothing of '$2': $(cat "$1")"
}

# Through a pipe every command answers as from the file.
"$gtviz" record -o - --level 0 -- sh -c "echo to stdout; exec $samples/fib 18 3" >t.gtv 2>said ||
	fail "record -o -: status $?: $(cat said)"
grep -q '^to stdout$' said || fail "the program's stdout is not on stderr: $(cat said)"
for command in 'report' 'report --json' 'events --csv' 'check' 'shot --size 100x30'; do
	# shellcheck disable=SC2086
	"$gtviz" $command t.gtv >from-file 2>&1 || fail "$command of a file: $(head -n 3 from-file)"
	# shellcheck disable=SC2086,SC2002
	cat t.gtv | "$gtviz" $command - >from-pipe 2>&1 || fail "$command of a pipe: $(head -n 3 from-pipe)"
	sed 's/t\.gtv/-/' from-file | head -n 28 >a # the name, and the bottom rows of a frame
	head -n 28 from-pipe >b
	cmp -s a b || fail "$command: from the pipe another answer: $(diff a b | head -n 5)"
done
head -c 700 t.gtv | "$gtviz" check - >said 2>&1
grep -q 'not finished' said || fail "a cut stream: $(cat said)"
echo 'ssh: cannot connect' | "$gtviz" report - >said 2>&1 && fail 'nonsense is a report'
one_line said 'not a gtviz trace' nonsense

# A reader that has gone: told, and the program runs to its end.
mkfifo pipe gone
"$gtviz" record -o - --level 0 -- sh -c "cat gone; $samples/fib 15 2; echo end >end" 2>said >pipe &
recorder=$!
head -c 64 pipe >/dev/null
echo >gone
wait $recorder
status=$?
[ $status = 125 ] || fail "a reader that has gone: status $status"
[ -s end ] || fail 'a reader that has gone took the program with it'
one_line said 'has gone' 'a reader that has gone'

# A reader that reads nothing until the program is over: the program does not wait for
# it, what had no room is counted, and the counts are the program's own.
rm -f pipe end
mkfifo pipe over
GT_STATS=1 "$gtviz" record -o - --level 0 --buffer 256K -- \
	sh -c "$samples/pingpong 300000 2>stats; echo end >over" 2>said >pipe &
recorder=$!
{
	cat over >/dev/null
	cat
} <pipe >slow.gtv
wait $recorder || fail "a slow reader: status $?: $(cat said)"
"$gtviz" check slow.gtv >verdict 2>&1 || fail "a slow reader: $(tail -n 2 verdict)"
grep -q 'lost and accounted for' verdict || fail "a slow reader: nothing was lost: $(cat verdict)"
"$gtviz" report --json slow.gtv | tr '\n' ' ' >report
lost=$(sed 's/.*"lost": *\({[^}]*}\).*/\1/' report)
counts=$(sed 's/.*"counts": *\({[^}]*}\).*/\1/' report)
value() { echo "$1" | sed -n "s/.*\"$2\": *\([0-9][0-9]*\).*/\1/p" | head -n 1; }
for pair in chan_sends:chan_send chan_receives:chan_recv; do
	program=$(value "$(grep '"spawns"' stats)" "${pair%:*}")
	told=$(value "$counts" "${pair%:*}")
	dropped=$(value "$lost" "${pair#*:}")
	[ "$program" = $((${told:-0} + ${dropped:-0})) ] ||
		fail "a slow reader: $program ${pair%:*}, $told told and ${dropped:-none} lost"
done

# Where no trace can be: one line, status 125, and the program does not begin.
refused() { # WHAT TEXT FILE
	"$gtviz" record -o "$3" --level 0 -- touch begun 2>said
	status=$?
	[ $status = 125 ] || fail "$1: status $status"
	one_line said "$2" "$1"
	[ ! -e begun ] || fail "$1: the program ran"
	rm -f begun
}
mkdir d
ln -s t.gtv link
refused 'a pipe' 'pipe' pipe
refused 'a directory' 'directory' d
refused 'a link' 'symbolic link' link
refused 'a device' 'not a regular file' /dev/full
refused 'a directory that is not there' 'No such file' none/t.gtv
refused 'a read-only file system' 'proc\|ermi\|No such' /proc/t.gtv
if [ "$(id -u)" = 0 ]; then
	echo theirs >theirs && chown 65534 theirs
	refused 'another user' 'another user' theirs
	[ "$(cat theirs)" = theirs ] || fail "another user's file was touched"
else
	mkdir closed && chmod 555 closed
	refused 'a closed directory' 'ermission' closed/t.gtv
fi
"$gtviz" record -o - --level 0 -- touch begun 2>said >/dev/full
status=$?
[ $status = 125 ] || fail "-o - to /dev/full: status $status"
one_line said 'No space' '-o - to /dev/full'

(
	ulimit -f 400
	refused 'a limit on the size' 'too large' limited.gtv
	exit $bad
) || bad=1

# A disk that fills up: the program goes on, one line, and what was written is a trace.
filled() { # WHAT
	[ "$status" = 125 ] || fail "$1: status $status"
	one_line said 'space\|too large' "$1"
	[ -s end ] || fail "$1: the program did not end by itself"
	"$gtviz" check full.gtv >check 2>&1 || fail "$1: $(cat check)"
	"$gtviz" report full.gtv >report 2>&1 || fail "$1: $(head -n 3 report)"
	grep -q 'G1' report || fail "$1: nothing is in the trace"
}
mkdir disk
if mount -t tmpfs -o size=64k tmpfs disk 2>/dev/null; then
	mounted=1
	rm -f end
	"$gtviz" record -o disk/t.gtv --level 0 -- sh -c "$samples/pingpong 300000 >/dev/null; echo end >end" 2>said
	status=$?
	cp disk/t.gtv full.gtv
	filled 'a full disk'
else
	echo 'skipped: a full disk: nothing can be mounted here'
fi
exit $bad
