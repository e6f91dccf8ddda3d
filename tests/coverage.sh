#!/bin/sh
# How much of each folder the tests of a COV=1 build in DIR have run.
# usage: coverage.sh DIR
command -v gcov >/dev/null || { echo 'coverage: SKIPPED: there is no gcov here'; exit 0; }
objects=$(cd "$1/obj" && find . -name '*.gcda')
[ -n "$objects" ] || { echo "coverage: nothing in $1 has run"; exit 1; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
for object in $objects; do
	# gcov speaks of a source file in two lines: its name, then its share.
	(cd "$1/obj" && gcov -n "$object" 2>/dev/null)
done | awk '
	/^File/ { gsub(/^File .|.$/, ""); file = $0 }
	/^Lines executed:/ && file ~ /^(runtime|tracer|tui)\// {
		split(substr($0, 16), part, "% of ")
		dir = file; sub(/\/[^\/]*$/, "", dir)
		if (file ~ /\.c$/ && !(file in seen)) {
			seen[file] = 1
			lines[dir] += part[2]; hit[dir] += part[1] * part[2] / 100
			all += part[2]; all_hit += part[1] * part[2] / 100
		}
		file = ""
	}
	END {
		for (d in lines)
			printf "%-18s %5.1f%% of %d lines\n", d, 100 * hit[d] / lines[d], lines[d] | "sort"
		close("sort")
		if (all) printf "%-18s %5.1f%% of %d lines\n", "all", 100 * all_hit / all, all
	}'
