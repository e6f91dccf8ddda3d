#!/bin/sh
# `make REPLAY_ONLY=1`: a viewer for a machine without BPF and without Linux's headers. It
# shows, reports and checks exactly what the whole gtviz does, and says that it cannot record.
# usage: O=build CC=cc replay_only.sh
O=${O:-build} CC=${CC:-cc}
whole=$O/gtviz viewer=$O/replay/gtviz
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0
fail() {
	echo "$*"
	bad=1
}

# Another make called us: its options are not ours.
unset MAKEFLAGS MAKELEVEL MFLAGS
rm -rf "$O/replay"
make -j2 REPLAY_ONLY=1 O="$O/replay" CC="$CC" NO_BPF= SAN= COV= >"$dir/make" 2>&1 || {
	tail -n 20 "$dir/make"
	exit 1
}
for trace in tests/golden/*.gtv; do
	for command in report 'report --json' events check 'shot --size 100x30' 'shot --format svg' \
		'export --to chrome -o -'; do
		# shellcheck disable=SC2086
		"$whole" $command "$trace" >"$dir/whole" 2>&1
		echo $? >>"$dir/whole"
		# shellcheck disable=SC2086
		"$viewer" $command "$trace" >"$dir/viewer" 2>&1
		echo $? >>"$dir/viewer"
		cmp -s "$dir/whole" "$dir/viewer" || fail "$command $trace: the viewer says otherwise"
	done
	"$viewer" report - <"$trace" >/dev/null || fail "report - <$trace: status $?"
	"$viewer" shot "$trace" -o "$dir/shot" || fail "shot -o: status $?"
done
"$viewer" record -o "$dir/a.gtv" true 2>"$dir/said" && fail 'the viewer records'
grep -q 'only shows what others recorded' "$dir/said" || fail "record says: $(cat "$dir/said")"
"$viewer" doctor | grep -q 'none: ' || fail 'doctor does not say so'

# What it is made of, by its objects: each source, and each header of ours that it includes.
find "$O/replay/obj" -name '*.d' -exec cat {} + | tr ' \\' '\n\n' | sed 's/:$//' |
	grep -E '^(runtime|tracer|tui)/.*\.[ch]$' | sort -u >"$dir/sources"
[ "$(wc -l <"$dir/sources")" -gt 50 ] || fail 'no list of sources'
while read -r source; do
	# A line "#ifdef __linux__" or "#if defined(__linux__)" may guard such an include.
	awk '/^#if.*__linux__/ { guarded = 1 } /^#(else|endif)/ { guarded = 0 }
		/^#[ \t]*include[ \t]*<(linux\/|bpf\/|sys\/(epoll|eventfd|signalfd|prctl|fsuid|capability|syscall|inotify|memfd)\.h)/ && !guarded {
			print FILENAME ": " $0; bad = 1 } END { exit bad }' "$source" || bad=1
done <"$dir/sources"
exit $bad
