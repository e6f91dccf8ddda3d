#!/bin/sh
# SPDX-License-Identifier: MIT
# A fresh machine: in a root with git, a C compiler and make, the time from `git clone` to the
# first live timeline, by one command: make demo, which installs what is missing.
# usage: O=… TOOLS=… fresh.sh
# shellcheck disable=SC2154
cd "$(dirname "$0")/../.." || exit 1
. tests/package/root.sh
until=${TOOLS:-$O/tests}/until
[ -x "$until" ] || { echo "$until did not build"; exit 1; }
git rev-parse --git-common-dir >/dev/null 2>&1 || leave 'this tree is no clone'

make_root fresh
timed 'a machine with git, gcc and make' quietly tools in_root \
	apt-get install -q -y --no-install-recommends git gcc make libc6-dev ca-certificates || exit 1
# What there is to clone, as it is committed.
rm -rf "$work/origin.git"
git clone -q --bare --no-hardlinks . "$work/origin.git" || exit 1
git -C "$work/origin.git" update-ref refs/heads/fresh "$(git rev-parse HEAD)" &&
	git -C "$work/origin.git" symbolic-ref HEAD refs/heads/fresh || exit 1
mount_here=$work/origin.git

# One shell types it all; what is measured is what somebody at this terminal waits for.
timed 'git clone, make demo, q' "$until" -t 3000 spin-a \
	/usr/bin/env -i PATH="$PATH" HOME=/root TERM=xterm-256color LC_ALL=C.UTF-8 MOUNT="$mount_here" \
	unshare -m sh "$work/enter.sh" "$root" sh -c \
	'cd /root && : >begin && git clone -q -c safe.directory="*" file:///here gtviz && : >cloned &&
	cd gtviz && make demo 2>../demo.err' >"$work/fresh.log" 2>&1
seen=$?
sed 's/ *$//' "$work/fresh.log" | grep . | head -n 45 | sed 's/^/  | /'
echo "from git clone to the first live timeline: $(sed -n 's/^seen after \([0-9.]* s\).*/\1/p' "$work/fresh.log")"
# Where that went, by when files came.
from=$(stat -c %.1Y "$root/root/begin")
for step in 'cloned:cloned' 'packages installed, probed:gtviz/build/config.mk' 'gtviz built:gtviz/build/gtviz' \
	'a sample built:gtviz/build/samples/fib'; do
	at=$(stat -c %.1Y "$root/root/${step#*:}" 2>/dev/null) &&
		awk -v what="${step%%:*}" -v a="$from" -v b="$at" 'BEGIN { printf "  %-40s after %5.1f s\n", what, b - a }'
done
if [ $seen != 0 ]; then
	tail -n 30 "$root/root/demo.err"
	exit 1
fi
rm -rf "$root" "$work/origin.git"
