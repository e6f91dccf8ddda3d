#!/bin/sh
# A header of runtime/ with the project's own headers that it includes in their places,
# each once: one file that stands alone.
# usage: one-header.sh HEADER >OUT
awk '
function show(file,    line, part, dir) {
	if (file in shown)
		return
	shown[file] = 1
	while ((getline line < file) > 0) {
		if (line ~ /^#[ \t]*include[ \t]*"/) {
			part = line
			sub(/^[^"]*"/, "", part)
			sub(/".*/, "", part)
			dir = file
			sub(/[^\/]*$/, "", dir)
			show(part ~ /^runtime\// ? part : dir part)
		} else {
			print line
		}
	}
	close(file)
}
BEGIN { show(ARGV[1]); exit }' "$1"
