#!/bin/sh
# What must not be in the tree: files too long to read, drawers named utils, notes
# of unfinished work, and names of somebody's machine or mirror.
# usage: names.sh [ROOT]
cd "${1:-.}" || exit 1
bad=0
LINES_MAX=900

sources() {
	find Makefile README.md .ci mk docs runtime samples tracer tui tests \
		-type f ! -path '*/corpus/*' ! -path '*/frames/*' ! -name '*.gtv' ! -name '*.svg' 2>/dev/null
}

for file in $(sources); do
	case $file in
	*/utils.[ch] | */util.[ch] | */misc.[ch] | */common.[ch])
		echo "$file: a file is named after what it is for"; bad=1 ;;
	esac
	case $file in
	*.[chS])
		count=$(wc -l <"$file")
		if [ "$count" -gt $LINES_MAX ]; then
			echo "$file: $count lines (at most $LINES_MAX)"; bad=1
		fi
		if ! head -n 3 "$file" | grep -q 'SPDX-License-Identifier:'; then
			echo "$file: no SPDX-License-Identifier"; bad=1
		fi ;;
	esac
done

# Written so that this file does not hold what it looks for.
unfinished='\bTO''DO\b|\bFIX''ME\b|\bX''XX\b'
places='(^|[^A-Za-z0-9_.])/wo''rk(/|\b)|/home/[a-z]+/|deb\.deb''ian\.org|snapshot\.deb''ian|proxy\.gol''ang|registry\.np''m|pypi\.o''rg|crates\.i''o'
# shellcheck disable=SC2046
if grep -nEI "$unfinished" $(sources) /dev/null; then
	echo "unfinished work is an issue, not a note in the source"; bad=1
fi
# shellcheck disable=SC2046
if grep -nEI "$places" $(sources) /dev/null; then
	echo "names a place that is not part of the project"; bad=1
fi
exit $bad
