#!/bin/sh
# Every script parses; and where shellcheck is installed, it finds no error.
# usage: shell.sh [ROOT]
cd "${1:-.}" || exit 1
bad=0
for file in $(find mk tests -name '*.sh' | sort); do
	sh -n "$file" || bad=1
	if command -v shellcheck >/dev/null; then
		shellcheck -S warning -e SC2046,SC2013,SC2044,SC3013 "$file" || bad=1
	fi
done
exit $bad
