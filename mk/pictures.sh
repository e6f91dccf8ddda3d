#!/bin/sh
# `make pictures`: the README's picture, drawn by gtviz from a program it records:
# four threads that share a GIL, 60 ms of them, and why one of them waited longest.
# usage: O=ABSOLUTE_DIR pictures.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
ln -s "$O/samples/fib" "$dir/fib"
cd "$dir" || exit 1
root=$OLDPWD
"$O/gtviz" record -o fib.gtv --policy gil3 ./fib 32 4 --seconds 1 >/dev/null &&
	"$O/gtviz" shot fib.gtv --from 400ms --to 460ms --select G3 --size 120x36 --format svg \
		-o timeline.svg && cp timeline.svg "$root/docs/timeline.svg" &&
	chmod 644 "$root/docs/timeline.svg" && echo 'docs/timeline.svg drawn'
