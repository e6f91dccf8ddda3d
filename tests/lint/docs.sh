#!/bin/sh
# What the pages under docs, README.md and their like refer to is there: the files and headings
# that they link to, pictures; each picture of docs is shown somewhere; the table of scheduling
# systems has every name that GT_POLICY takes and every demo; what a page says drew a simulated
# picture is what draws it; and files and functions "in the code" are there.
# usage: docs.sh [ROOT]
cd "${1:-.}" || exit 1
bad=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
complain() { echo "$*"; bad=1; }

pages() { find . \( -name build\* -o -name .git \) -prune -o -name '*.md' -print | sed 's|^\./||' | sort; }

# The targets of links and pictures outside of code: one a line.
targets() { # PAGE
	awk '/^ *```/ { code = !code; next } !code' "$1" | sed 's/`[^`]*`//g' | grep -o '](\([^()]*\))' |
		sed 's/^](//; s/)$//; s/ .*//'
}
# What a heading is called in a link.
anchors() { # PAGE
	awk '/^ *```/ { code = !code; next } !code && /^#+ /' "$1" | sed 's/^#* *//' | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'
}

for page in $(pages); do
	for target in $(targets "$page"); do
		case $target in
		*://* | mailto:*) continue ;;
		esac
		file=${target%%#*} anchor=
		case $target in *'#'*) anchor=${target#*#} ;; esac
		case $page in */*) place=${page%/*}/ ;; *) place= ;; esac
		[ -n "$file" ] && file=$place$file || file=$page
		if [ ! -e "$file" ]; then
			complain "$page: links to $target, which is not there"
		elif [ -n "$anchor" ] && ! anchors "$file" | grep -qx "$anchor"; then
			complain "$page: links to $target, which has no such heading"
		fi
		case $file in
		*.svg) realpath "$file" >>"$tmp/shown" ;;
		esac
	done
done
find docs -name '*.svg' | while read -r picture; do
	grep -qxF "$(realpath "$picture")" "$tmp/shown" 2>/dev/null || echo "$picture: no page shows it"
done >"$tmp/unused"
[ -s "$tmp/unused" ] && { cat "$tmp/unused"; bad=1; }
find docs -name '*.svg' -size +100k | grep . && complain 'a picture of docs is of 100 KB at most'

table=docs/systems/README.md
if [ -f "$table" ]; then
	{
		sed -n 's/^const struct gt__policy gt__policy_\([a-z0-9]*\) .*/\1/p' runtime/policy/*.c
		sed -n '/^} aliases/,/^};/s/^	{"\([^"]*\)".*/\1/p' runtime/core/options.c
	} >"$tmp/names"
	sed -n 's/^	X("\([^"]*\)", [A-Z]*, "[^"]*", "[^"]*".*/\1/p' tracer/cmd/demos.h >"$tmp/demos"
	[ -s "$tmp/names" ] && [ -s "$tmp/demos" ] || complain 'no policies, aliases or demos found'
	for name in $(cat "$tmp/names" "$tmp/demos"); do
		grep -q "^|.*\`$name\`" "$table" || complain "$table: no row has $name"
	done
fi

# What the pages of systems name of the code.
for page in $(pages | grep '^docs/systems/'); do
	for word in $(grep -o '`[a-z][a-z0-9_/.-]*\.[chS]`\|`[a-z][a-z0-9_/]*\.bpf\.c`' "$page" | tr -d '\140' | sort -u); do
		case $word in
		runtime/* | tracer/* | tui/* | samples/* | tests/*)
			[ -e "$word" ] || complain "$page: there is no $word" ;;
		esac
	done
	awk '/^## / { inside = ($0 == "## In the code") } inside' "$page" | grep -o '`[a-z_][a-z0-9_]*`' | tr -d '\140' | sort -u |
		while read -r word; do
			grep -rqw --include='*.[ch]' "$word" runtime tracer samples || echo "$page: nothing in the code is called $word"
		done >"$tmp/names"
	[ -s "$tmp/names" ] && { cat "$tmp/names"; bad=1; }
done

if [ -f mk/pictures_sim.sh ]; then
	sh mk/pictures_sim.sh commands >"$tmp/commands"
	while IFS='	' read -r picture record shot; do
		[ "$picture" = screen/parts ] || case $picture in screen/*) continue ;; esac
		page=$(pages | xargs grep -lF "(${picture#systems/}.svg)" | head -n 1)
		for line in "$record" "$shot"; do
			grep -qxF -e "$line" "${page:-/dev/null}" ||
				complain "${page:-docs}: $picture.svg is drawn by another command: $line"
		done
	done <"$tmp/commands"
fi
exit $bad
