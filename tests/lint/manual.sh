#!/bin/sh
# The manual says what the program does: COMMANDS and FINDINGS of gtviz.1 and the options of
# docs/man against `gtviz help --man-options`, KEYS against tui/scene/keys.h, and mandoc has no
# complaint, neither of the pages that mk/manual.sh makes for each command.
# usage: GTVIZ=… CC=… manual.sh [ROOT]
tools=$(cd "$(dirname "$0")/../../mk" && pwd)
cd "${1:-.}" || exit 1
CC=${CC:-cc}
page=docs/gtviz.1
texts=docs/man/options.mdoc
bad=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# The items of a section of a page, as words without macros: one a line. Without a section:
# of all of it.
items() { # SECTION [PAGE]
	awk -v section="$1" '
	BEGIN { inside = (section == "") }
	/^\.Sh / { inside = (substr($0, 5) == section) }
	inside && /^\.It / {
		sub(/^\.It /, ""); gsub(/\\&/, ""); gsub(/\\-/, "-")
		gsub(/Fl Fl /, "--"); gsub(/Fl /, "-"); gsub(/(Cm|Ic|Ar) /, "")
		gsub(/ , /, " "); gsub(/\\e/, "\\"); print
	}' "${2:-$page}"
}
same() { # WHAT WANTED FOUND [PAGE]
	if ! cmp -s "$2" "$3"; then
		echo "${4:-$page}: $1: the lines with < are missing, those with > are of no use:"
		diff "$2" "$3" | grep '^[<>]'
		bad=1
	fi
}

if [ -x "$GTVIZ" ]; then
	"$GTVIZ" help --man-options >"$tmp/table" || { echo "gtviz help --man-options failed"; bad=1; }
	# Name and summary, as --help has it, in the table's order.
	awk -F'\t' '$1 == "command" { print "gtviz-" $2 " 1\n" $4 }' "$tmp/table" >"$tmp/commands"
	awk '/^\.Sh / { inside = ($0 == ".Sh COMMANDS") } inside && /^\.It Xr/ { print $3, $4; getline; print }' \
		"$page" >"$tmp/page"
	same COMMANDS "$tmp/commands" "$tmp/page"
	awk -F'\t' '$1 == "option" {
		line = ""
		for (i = 2; i <= 4; i++) if ($i != "-") line = line (line == "" ? "" : " ") $i
		print line
	}' "$tmp/table" | sort >"$tmp/options"
	items '' "$texts" | sort >"$tmp/page"
	same OPTIONS "$tmp/options" "$tmp/page" "$texts"
	# A page a command; and no words about a command that there is not.
	mkdir -p "$tmp/pages"
	for command in $(awk -F'\t' '$1 == "command" { print $2 }' "$tmp/table"); do
		sh "$tools/manual.sh" "$tmp/table" "$command" >"$tmp/pages/gtviz-$command.1" || bad=1
	done
	for text in docs/man/*.mdoc; do
		name=$(basename "$text" .mdoc)
		[ "$name" = options ] || [ -e "$tmp/pages/gtviz-$name.1" ] ||
			{ echo "$text: gtviz has no such command"; bad=1; }
	done
	awk -F'\t' '$1 == "finding" { print $2 }' "$tmp/table" | sort >"$tmp/findings"
	items FINDINGS | sort >"$tmp/page"
	same FINDINGS "$tmp/findings" "$tmp/page"
	# Each rule's thresholds stand in its item, a line each; what all share, before them.
	awk -F'\t' '$1 == "threshold" { print $2 "\t" $3 }' "$tmp/table" >"$tmp/thresholds"
	while IFS='	' read -r key limit; do
		awk -v key="$key" '
		/^\.Sh / { inside = ($0 == ".Sh FINDINGS"); mine = inside; next }
		inside && /^\.It Cm / { mine = ($3 == key) }
		inside && mine' "$page" | grep -qF "$limit" ||
			awk '/^\.Sh / { inside = ($0 == ".Sh FINDINGS") } /^\.It Cm / { inside = 0 } inside' "$page" |
			grep -qF "$limit" || { echo "$page: FINDINGS: $key: no word of its threshold, $limit"; bad=1; }
	done <"$tmp/thresholds"
	# What stands behind : and in the settings file, as the screen's tables have it.
	"$GTVIZ" help keys >"$tmp/screen" || bad=1
	for part in 'commands,SCREEN COMMANDS' 'settings,SETTINGS'; do
		awk -v part="${part%%,*}" '
		/^[a-z]/ { inside = ($1 == part ",") }
		inside && /^  / { print substr($0, 3, 40) }' "$tmp/screen" | sed 's/ *$//' >"$tmp/wanted"
		items "${part#*,}" >"$tmp/page"
		[ -s "$tmp/wanted" ] || { echo "gtviz help keys tells no ${part%%,*}"; bad=1; }
		same "${part#*,}" "$tmp/wanted" "$tmp/page"
	done
else
	echo "gtviz is not built: COMMANDS and OPTIONS are not compared"
	bad=1
fi

cat >"$tmp/keys.c" <<'C'
#include <stdio.h>
#include "tui/scene/keys.h"
int main(void)
{
#define X(action, group, place, keys, help) puts(keys);
	TUI_KEYS(X)
	return 0;
}
C
if $CC -I. "$tmp/keys.c" -o "$tmp/keys"; then
	"$tmp/keys" >"$tmp/wanted"
	items KEYS >"$tmp/page"
	same KEYS "$tmp/wanted" "$tmp/page"
else
	bad=1
fi

if command -v mandoc >/dev/null; then
	for file in docs/*.[135] "$tmp"/pages/*; do
		# Pages of other packages need not be here.
		mandoc -T lint -W warning "$file" || bad=1
	done
else
	echo 'mandoc is not installed: the pages are not checked by it'
fi
exit $bad
