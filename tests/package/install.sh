#!/bin/sh
# SPDX-License-Identifier: MIT
# The Debian packages in a root that has nothing else: apt resolves what they depend on; then
# what a user does first. Prints timings.
# usage: O=… TOOLS=… install.sh
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
. tests/package/root.sh
until=${TOOLS:-$O/tests}/until
debs=$(ls "$O"/deb/*.deb 2>/dev/null)
[ -n "$debs" ] || { echo "$O/deb: no packages: make deb"; exit 1; }
bad=0

try() { # WHAT COMMAND…: in the root
	what=$1
	shift
	timed "$what" quietly try in_root "$@" || { echo "FAILED: $what"; bad=1; }
}
shows() { sed 's/^/  | /' "$work/try.log"; }

if command -v lintian >/dev/null; then
	timed 'lintian' quietly lintian lintian --allow-root --fail-on error,warning "$O"/deb/*.changes || bad=1
else
	echo 'lintian is not installed: left out'
fi

make_root installed
# shellcheck disable=SC2086
mkdir -p "$root/debs" && cp $debs "$root/debs/" || exit 1
before=$(in_root dpkg -l | wc -l)
try 'apt-get install ./gtviz.deb' sh -c 'apt-get install -q -y --no-install-recommends /debs/gtviz_*.deb'
echo "  packages that it brought: $(($(in_root dpkg -l | wc -l) - before))"
try 'gtviz --version' gtviz --version
shows
try 'gtviz doctor' gtviz doctor
shows
try 'gtviz record, level as it comes' gtviz record -o /tmp/fib.gtv --policy gil3 /usr/libexec/gtviz/fib 30 3
try 'gtviz check' gtviz check /tmp/fib.gtv
shows
try 'gtviz report' gtviz report /tmp/fib.gtv
sed -n 's/^/  | /; 1,12p' "$work/try.log"
try 'gtviz shot' gtviz shot /tmp/fib.gtv --size 100x20
shows
try 'gtviz demo --check, simulated' sh -c 'GT_SIM=1 gtviz demo --check convoy </dev/null'
try 'gtviz demo --check, real' sh -c 'gtviz demo --check fib-gil3 </dev/null'
try 'gtviz talk --check green-threads' gtviz talk --check green-threads
shows
# As somebody without privileges.
try 'as nobody: gtviz record' runuser -u nobody -- gtviz record -o /tmp/nobody.gtv --policy gmp /usr/libexec/gtviz/fib 24 2
try 'as nobody: gtviz report' runuser -u nobody -- gtviz report /tmp/nobody.gtv
sed -n 's/^/  | /; 1,3p' "$work/try.log"
try 'nothing is setuid, setgid or has capabilities' sh -c \
	'for f in $(dpkg -L gtviz); do [ -f "$f" ] && find "$f" -perm /6000; done | grep . && exit 1; exit 0'

# The screen, in a terminal of the machine's: what q leaves is the program's end.
if [ -x "$until" ]; then
	timed 'the live screen' "$until" -t 120 spin-a /usr/bin/env -i PATH="$PATH" TERM=xterm-256color \
		unshare -m sh "$work/enter.sh" "$root" /usr/bin/env LC_ALL=C.UTF-8 gtviz --policy gil3 \
		/usr/libexec/gtviz/fib 32 4 --seconds 20 >"$work/live.log" 2>&1 || { bad=1; echo 'FAILED: the live screen'; }
	sed 's/ *$//' "$work/live.log" | grep . | head -n 12 | sed 's/^/  | /'
	grep '^seen after\|^NOT SEEN' "$work/live.log"
fi

# A program of one's own, as gt.3 has it.
awk '/^#include <gt.h>/ { inside = 1 } /^\.Ed/ { inside = 0 } inside' docs/gt.3 | sed 's/\\e/\\/g' >"$root/tmp/numbers.c"
try 'apt-get install gcc pkg-config ./libgt-dev.deb' sh -c \
	'apt-get install -q -y --no-install-recommends gcc libc6-dev pkg-config bash-completion /debs/libgt-dev_*.deb'
try 'compile with pkg-config libgt' sh -c 'cd /tmp && cc -o numbers numbers.c $(pkg-config --cflags --libs libgt)'
try 'record it' sh -c 'cd /tmp && gtviz record -o numbers.gtv --policy gmp,cores=2 ./numbers && gtviz check numbers.gtv'
shows
try 'compile with pkg-config libgtpreload, run' sh -c \
	'cd /tmp && cc -o shared numbers.c $(pkg-config --cflags --libs libgtpreload) && GT_POLICY=green ./shared'
shows
try 'preload by its pkg-config path' sh -c 'LD_PRELOAD=$(pkg-config --variable=preload libgtpreload) GT_PRELOAD=threads /bin/echo preloaded'
try 'bash completes' bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader gtviz
	COMP_WORDS=(gtviz record --le); COMP_CWORD=2; _gtviz; [ "${COMPREPLY[*]}" = --level ]'

try 'apt-get purge' apt-get purge -q -y gtviz libgt-dev
left=$(in_root sh -c 'ls -d /usr/bin/gtviz /usr/libexec/gtviz /usr/share/gtviz /usr/include/gt.h /usr/share/man/man1/gtviz* 2>/dev/null')
[ -z "$left" ] || { echo "FAILED: left behind: $left"; bad=1; }
[ $bad = 0 ] && rm -rf "$root"
exit $bad
