#!/bin/sh
# Every C file as .clang-format says.
# usage: format.sh [ROOT]
cd "${1:-.}" || exit 1
command -v clang-format >/dev/null || { echo 'skip: clang-format is not installed'; exit 77; }
find runtime samples tracer tui tests -name '*.[ch]' | sort | {
	bad=0
	while read -r file; do
		clang-format --dry-run -Werror "$file" >/dev/null 2>&1 ||
			{ echo "$file: not formatted (clang-format -i $file)"; bad=1; }
	done
	exit $bad
}
