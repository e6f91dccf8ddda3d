#!/bin/sh
# gt.3 describes gt.h: every public function stands in its synopsis with the header's own
# arguments, and no other; every function, structure, enumeration and macro is spoken of in the
# description, and the errors that the header names are those of the page.
# usage: CC=… runtime_manual.sh [ROOT]
cd "${1:-.}" || exit 1
CC=${CC:-cc}
header=runtime/gt.h page=docs/gt.3
bad=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
if ! grep -q gt_run $header; then
	echo "$header declares no functions: nothing to compare"
	exit 0
fi

# Declarations, one a line, without blanks: "intgt_spawn(structgt**out,…)".
sed -e 's|#include.*||' $header | $CC -E -P -x c - 2>"$tmp/log" | tr '\n' ' ' |
	sed -e 's/[;{}]/;\n/g' | sed -n -e 's/^ *//' -e 's/static inline //' \
		-e '/^[a-z].*gt_[a-z0-9_]*(.*) *;$/p' |
	grep -v -e 'gt__' -e '^return' -e '^if' -e '^typedef' | tr -d ' ;\t' | sort >"$tmp/wanted"
# The page's, from its synopsis.
awk '
/^\.Sh / { inside = ($2 == "SYNOPSIS") }
!inside { next }
/^\.Ft / { type = substr($0, 5) }
/^\.Fo / { line = type substr($0, 5) "("; parts = 0 }
/^\.Fa / { s = substr($0, 5); gsub(/"/, "", s); line = line (parts++ ? "," : "") s }
/^\.Fc/ { print line ")" }
/^\.Fn / {
	s = substr($0, 5); name = s; sub(/ .*/, "", name); rest = substr(s, length(name) + 2)
	n = split(rest, part, "\""); line = type name "("; parts = 0
	for (i = 2; i <= n; i += 2) line = line (parts++ ? "," : "") part[i]
	print line ")"
}' $page | tr -d ' \t' | sort >"$tmp/found"
[ -s "$tmp/wanted" ] || { echo "$header: no declarations found"; bad=1; }
if ! cmp -s "$tmp/wanted" "$tmp/found"; then
	echo "$page: SYNOPSIS: the lines with < are missing, those with > are not in $header:"
	diff "$tmp/wanted" "$tmp/found" | grep '^[<>]'
	bad=1
fi

# What is spoken of behind the synopsis.
awk '/^\.Sh / { inside = ($2 != "NAME" && $2 != "SYNOPSIS") } inside' $page >"$tmp/text"
for name in $(sed 's/(.*//; s/.*\(gt_\)/\1/' "$tmp/wanted") \
	$(sed -n 's/^#define \(GT_[A-Z_]*\).*/\1/p' $header | grep -vx -e GT_H -e 'GT__.*') \
	$(sed -n -E 's/^(struct|enum) (gt_[a-z][a-z_]*) \{.*/\2/p' $header); do
	grep -q -E "(^|[^a-zA-Z_])$name([^a-zA-Z_]|\$)" "$tmp/text" ||
		{ echo "$page: says nothing of $name"; bad=1; }
done
errors() { grep -oE '\bE[A-Z0-9]{3,}\b' "$1" | sort -u; }
errors $header | grep -vxE 'E(XCEPT|ND)' >"$tmp/errors"
errors "$tmp/text" | grep -vxE 'ERRORS|EXAMPLES|ENVIRONMENT' >"$tmp/told"
if ! cmp -s "$tmp/errors" "$tmp/told"; then
	echo "$page: errors: those with < are missing, those with > are not in $header:"
	diff "$tmp/errors" "$tmp/told" | grep '^[<>]'
	bad=1
fi
exit $bad
