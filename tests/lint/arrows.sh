#!/bin/sh
# Includes point one way: the table "Layers" in docs/design.md is the rule, read
# from there. A row's first cell names layers (folders, or files by prefix), its
# second what they may include beside themselves; the longest prefix decides.
# Also: exactly one file of tui includes <curses.h>.
# usage: arrows.sh [ROOT]
cd "${1:-.}" || exit 1
find runtime samples tracer tui -name '*.[chS]' | sort | awk '
function layer_of(path,    l, best) {
	best = ""
	for (l in allowed)
		if (index(path, l) == 1 && length(l) > length(best)) {
			# a folder ends at a slash; a prefix of a file name need not
			if (l ~ /\/[^\/]*$/ || substr(path, length(l) + 1, 1) == "/")
				best = l
		}
	return best
}
function under(path, dir) { return path == dir || index(path, dir "/") == 1 }
function may(from, to,    n, i, part) {
	if (layer_of(to) == from) return 1
	n = split(allowed[from], part, " ")
	for (i = 1; i <= n; i++)
		if (part[i] == "everything" || under(to, part[i])) return 1
	return 0
}
function exists(path,    line, r) { r = (getline line < path); close(path); return r >= 0 }
function resolve(file, name,    dir) {
	if (exists(name)) return name
	dir = file; sub(/[^\/]*$/, "", dir)
	if (exists(dir name)) return dir name
	# a program includes the public header by its bare name
	if (exists("runtime/" name)) return "runtime/" name
	return ""
}
function complain(text) { print text; bad = 1 }
BEGIN {
	while ((getline line < "docs/design.md") > 0) {
		if (line ~ /^## /) table = (line ~ /Layers/)
		if (!table || line !~ /^\| `/) continue
		split(line, cell, "|")
		gsub(/[`,]/, "", cell[2]); gsub(/[`,]/, "", cell[3])
		n = split(cell[2], name, " ")
		for (i = 1; i <= n; i++) { allowed[name[i]] = cell[3]; layers++ }
	}
	if (!layers) complain("docs/design.md: no table of layers")
}
{
	file = $0
	from = layer_of(file)
	if (from == "") { complain(file ": belongs to no layer of docs/design.md"); next }
	while ((getline line < file) > 0) {
		if (line ~ /^#[ \t]*include[ \t]*<[a-z_]*curses\.h>/) {
			if (!(file in curses)) { curses[file] = 1; curses_files++; curses_list = curses_list " " file }
			if (file !~ /^tui\//) complain(file ": only tui may include <curses.h>")
		}
		if (line !~ /^#[ \t]*include[ \t]*"/) continue
		name_ = line; sub(/^[^"]*"/, "", name_); sub(/".*/, "", name_)
		if (name_ ~ /\.skel\.h$/) continue # made by the build
		to = resolve(file, name_)
		if (to == "") complain(file ": includes \"" name_ "\", which is not there")
		else if (!may(from, to)) complain(file ": " from " may not include " to)
	}
	close(file)
}
END {
	if (curses_files > 1) complain("more than one file includes <curses.h>:" curses_list)
	exit bad
}'
