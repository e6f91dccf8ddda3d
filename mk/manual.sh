#!/bin/sh
# Prints the manual page of one command, gtviz-COMMAND.1. Its name, usage and options are
# those of `gtviz help --man-options` (TABLE), so that page and --help cannot disagree; the
# words are docs/man/COMMAND.mdoc (the description up to its first section, and sections that
# follow the options; a line `.\" SEE page section` adds one to see) and docs/man/options.mdoc.
# An option without words there is an error.
# usage: manual.sh TABLE COMMAND [ROOT]
root=${3:-.}
text=$root/docs/man/$2.mdoc
[ -r "$text" ] || { echo "$text: not there: no words about gtviz $2" >&2; exit 1; }
awk -F'\t' -v command="$2" -v text="$text" -v options="$root/docs/man/options.mdoc" \
	-v date="$(sed -n 's/^\.Dd //p' "$root/docs/gtviz.1")" '
# A word of the usage as macros.
function macro(word) {
	if (word == "--") return "Fl -"
	if (word ~ /^-[a-z]$/) return "Fl " substr(word, 2)
	if (word ~ /^--/) return "Fl Fl " substr(word, 3)
	if (word ~ /\.\.\.$/) return "Ar " substr(word, 1, length(word) - 3) " ..."
	gsub(/\|/, " | ", word)
	return (word ~ /^[a-z]/ ? "Cm " : "Ar ") word
}
function synopsis(usage,    i, n, word, option) {
	print ".Nm gtviz"
	n = split(usage, word, " ")
	for (i = 1; i <= n; i++) {
		if (word[i] ~ /^\[/) {
			gsub(/[][]/, "", word[i])
			print ".Op " macro(word[i])
			continue
		}
		if (word[i] ~ /^-/ && i < n) { # with its argument
			print "." macro(word[i]) " " macro(word[i + 1])
			i++
			continue
		}
		print "." macro(word[i])
	}
}
# As the item of an option is written in options.mdoc.
function item(short, long, argument,    s) {
	s = ".It " (short != "-" ? "Fl " substr(short, 2) " , " : "") "Fl Fl " substr(long, 3)
	return s (argument != "-" ? " Ar " argument : "")
}
function say_options(    i, key) {
	print ".Sh OPTIONS\n.Bl -tag -width Ds"
	for (i = 1; i <= count; i++) {
		key = row[i]
		if (!(key in words)) {
			print options ": no words about " substr(key, 5) > "/dev/stderr"
			bad = 1
			continue
		}
		printf "%s\n%s", key, words[key]
	}
	print ".El"
}
BEGIN {
	while ((getline line < options) > 0) {
		if (line ~ /^\.\\"/) continue
		if (line ~ /^\.It Fl /) { key = line; words[key] = ""; continue }
		if (key != "") words[key] = words[key] line "\n"
	}
}
$1 == "command" && $2 == command { usage = $3; summary = $4 }
$1 == "option" && ("," $5 ",") ~ ("," command ",") {
	row[++count] = item($2, $3, $4)
	if ($3 == "--pid") attaches = $4
}
END {
	if (usage == "") { print command ": gtviz has no such command" > "/dev/stderr"; exit 1 }
	print ".\\\" SPDX-License-Identifier: MIT"
	print ".\\\" Made by mk/manual.sh of docs/man and of the tables of gtviz itself."
	print ".Dd " date "\n.Dt GTVIZ-" toupper(command) " 1\n.Os"
	print ".Sh NAME\n.Nm gtviz-" command "\n.Nd " summary
	print ".Sh SYNOPSIS"
	synopsis(usage)
	if (attaches != "") {
		gsub(/\|/, " | ", attaches)
		print ".Nm gtviz\n.Cm " command "\n.Op Ar OPTIONS\n.Fl p Ar " attaches
	}
	print ".Sh DESCRIPTION"
	said = 0
	see = ".Xr gtviz 1"
	while ((getline line < text) > 0) {
		if (line ~ /^\.\\" SEE /) {
			sub(/^\.\\" SEE /, "", line)
			see = see " ,\n.Xr " line
			continue
		}
		if (line ~ /^\.\\"/) continue
		if (line ~ /^\.Sh / && !said++) say_options()
		print line
	}
	if (!said) say_options()
	print ".Sh SEE ALSO\n" see
	exit bad
}' "$1"
