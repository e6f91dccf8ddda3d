#!/bin/sh
# Prints what completes gtviz's command line in a shell, made of its own tables: TABLE is what
# `gtviz help --man-options` prints (commands, options, and the words that some of them
# take); POLICIES come from gtviz.1, which a test compares with the runtime's table.
# usage: completions.sh bash|zsh|fish TABLE [ROOT]
root=${3:-.}
policies=$(awk '
/^\.It Ev / { inside = ($3 == "GT_POLICY") }
inside && /^\.It Cm / { for (i = 3; i <= NF; i++) if ($i != ",") printf "%s ", $i }' "$root/docs/gtviz.1")
awk -F'\t' -v shell="$1" -v policies="$policies" '
function has(i, c) { return ("," of[i] ",") ~ ("," c ",") }
function quoted(s, q) { q = "\047"; gsub(q, q "\\" q q, s); return q s q } # for any shell
# What the argument of option i is: words in `words`, or FILE, COMMANDLINE… as its name says.
function words_of(i,    key) {
	key = long[i] == "--to" && arg[i] == "FORMAT" ? "--to=FORMAT" : long[i]
	if (long[i] == "--to" && arg[i] == "TIME") return ""
	if (long[i] == "--policy") return policies
	return key in values ? values[key] : ""
}
function is_file(i) { return arg[i] == "FILE" || arg[i] == "OUT" }
$1 == "command" { command[++commands] = $2; usage[$2] = $3; summary[$2] = $4 }
$1 == "option" { n++; short[n] = $2; long[n] = $3; arg[n] = $4; of[n] = $5; help[n] = $6 }
$1 == "value" { values[$2] = values[$2] (values[$2] == "" ? "" : " ") $3 }
END {
	if (shell == "bash") bash()
	else if (shell == "zsh") zsh()
	else if (shell == "fish") fish()
	else exit 2
}

function bash(    c, i, list, line) {
	print "# Completion of gtviz for bash, made by mk/completions.sh of the tables of gtviz itself."
	print "_gtviz() {"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= i options="
	print "\tlocal taken= words= operand="
	print "\tCOMPREPLY=()"
	print "\t# --option=… comes as three words."
	print "\tif [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi"
	print "\tfor ((i = 1; i < COMP_CWORD; i++)); do"
	print "\t\tcase ${COMP_WORDS[i]} in"
	line = ""
	for (i = 1; i <= n; i++) if (arg[i] != "-") {
		line = line (line == "" ? "" : "|") long[i]
		if (short[i] != "-") line = line "|" short[i]
	}
	print "\t\t" line ") [[ ${COMP_WORDS[i+1]} == = ]] && i=$((i + 1)); i=$((i + 1)) ;;"
	print "\t\t--) [[ -z $command ]] && command=run; operand=$((i + 1)); break ;;"
	print "\t\t-*) ;;"
	line = ""
	for (c = 1; c <= commands; c++) line = line (c > 1 ? "|" : "") command[c]
	print "\t\t" line ") if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else operand=$i; break; fi ;;"
	print "\t\t*) [[ -z $command ]] && command=run; operand=$i; break ;;"
	print "\t\tesac"
	print "\tdone"
	print "\t# Behind its name all is the program\047s."
	print "\tcase $command in run|record|demo)"
	print "\t\tif [[ -n $operand && $operand -lt $COMP_CWORD ]]; then"
	print "\t\t\tif [[ $command != demo ]] && declare -F _command_offset >/dev/null; then"
	print "\t\t\t\t_command_offset $operand"
	print "\t\t\telse"
	print "\t\t\t\tcompopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\"))"
	print "\t\t\tfi"
	print "\t\t\treturn"
	print "\t\tfi ;;"
	print "\tesac"
	print "\tcase $command:$prev in"
	for (i = 1; i <= n; i++) {
		if (arg[i] == "-") continue
		line = ""
		for (c = 1; c <= commands; c++)
			if (has(i, command[c])) {
				line = line (line == "" ? "" : "|") command[c] ":" long[i]
				if (short[i] != "-") line = line "|" command[c] ":" short[i]
				if (command[c] == "run") line = line "|:" long[i] (short[i] != "-" ? "|:" short[i] : "")
			}
		list = words_of(i)
		if (list != "") print "\t" line ") taken=1 words=" quoted(list) " ;;"
		else if (is_file(i)) print "\t" line ") compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\")); return ;;"
		else print "\t" line ") return ;;"
	}
	print "\tesac"
	print "\tif [[ -n $taken ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); return; fi"
	print "\tcase $command in"
	for (c = 0; c <= commands; c++) {
		list = ""
		for (i = 1; i <= n; i++)
			if (c ? has(i, command[c]) : has(i, "run") || long[i] == "--version")
				list = list (list == "" ? "" : " ") (short[i] != "-" ? short[i] " " : "") long[i]
		print "\t" (c ? command[c] : "\"\"") ") options=" quoted(list) " ;;"
	}
	print "\tesac"
	print "\tif [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$cur\")); return; fi"
	print "\tcase $command in"
	line = ""
	for (c = 1; c <= commands; c++) line = line (c > 1 ? " " : "") command[c]
	print "\t\"\") COMPREPLY=($(compgen -W " quoted(line) " -- \"$cur\")); words=$(compgen -c -- \"$cur\") ;;"
	print "\trun|record) words=$(compgen -c -- \"$cur\") ;;"
	print "\tdemo) COMPREPLY=($(compgen -W " quoted(values["demo"]) " -- \"$cur\")); return ;;"
	print "\ttalk) COMPREPLY=($(compgen -W " quoted(values["talk"]) " -- \"$cur\")) ;;"
	print "\thelp) COMPREPLY=($(compgen -W " quoted(line " keys") " -- \"$cur\")); return ;;"
	print "\tdoctor) return ;;"
	print "\tesac"
	print "\tcompopt -o filenames 2>/dev/null"
	print "\t# Programs on the PATH only when a letter narrows them; files always."
	print "\t[[ -n $cur && -n $words ]] && COMPREPLY+=($words)"
	print "\tCOMPREPLY+=($(compgen -f -- \"$cur\"))"
	print "}"
	print "complete -F _gtviz gtviz"
}

# zsh: what stands in brackets and behind colours has to be bare of these.
function bare(s) { gsub(/[][]/, "", s); gsub(/:/, "\\:", s); gsub(/\047/, "\047\\\047\047", s); return s }
function zsh_argument(i,    list) {
	if (arg[i] == "-") return ""
	list = words_of(i)
	if (list != "") return ":" bare(arg[i]) ":(" list ")"
	return ":" bare(arg[i]) ":" (is_file(i) ? "_files" : " ")
}
function zsh(    c, i) {
	print "#compdef gtviz"
	print "# Completion of gtviz for zsh, made by mk/completions.sh of the tables of gtviz itself."
	print "_gtviz() {"
	print "\tlocal context state line"
	print "\tlocal -a commands"
	print "\tcommands=("
	for (c = 1; c <= commands; c++) print "\t\t\047" command[c] ":" bare(summary[command[c]]) "\047"
	print "\t)"
	print "\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then"
	print "\t\t_describe -t commands command commands"
	print "\t\t_files"
	print "\t\t_command_names -e"
	print "\t\treturn"
	print "\tfi"
	print "\tlocal command=$words[2]"
	print "\t(( ${commands[(I)$command:*]} )) || command=run"
	print "\t[[ $command == $words[2] ]] && { shift words; (( CURRENT-- )) }"
	print "\tcase $command in"
	for (c = 1; c <= commands; c++) {
		print "\t(" command[c] ")"
		print "\t\t_arguments -s \\"
		for (i = 1; i <= n; i++) {
			if (!has(i, command[c])) continue
			printf "\t\t\t"
			if (short[i] != "-")
				printf "\047(%s %s)\047{%s,%s}", short[i], long[i], short[i] (arg[i] != "-" ? "+" : ""), long[i] (arg[i] != "-" ? "=" : "")
			printf "\047%s[%s]%s\047 \\\n", short[i] != "-" ? "" : long[i] (arg[i] != "-" ? "=" : ""), bare(help[i]), zsh_argument(i)
		}
		if (command[c] == "run" || command[c] == "record")
			print "\t\t\t\047(-):program: _command_names -e\047 \047*::arguments:_normal\047 ;;"
		else if (command[c] == "demo") print "\t\t\t\0471:demo:(" values["demo"] ")\047 \047*:argument:_files\047 ;;"
		else if (command[c] == "talk") print "\t\t\t\0471:talk:{_alternative \"talks:talk:(" values["talk"] ")\" \"files:file:_files\"}\047 ;;"
		else if (command[c] == "help") print "\t\t\t\0471:command:(" all() " keys)\047 ;;"
		else if (command[c] == "doctor") print "\t\t\t\047*: :\047 ;;"
		else print "\t\t\t\047*:trace:_files\047 ;;"
	}
	print "\tesac"
	print "}"
	print "_gtviz \"$@\""
}
function all(    c, s) { for (c = 1; c <= commands; c++) s = s (c > 1 ? " " : "") command[c]; return s }

function fish_say(s) { gsub(/\\/, "\\\\", s); gsub(/\047/, "\\\047", s); return "\047" s "\047" }
function fish(    c, i, list, seen) {
	print "# Completion of gtviz for fish, made by mk/completions.sh of the tables of gtviz itself."
	print "set -l commands " all()
	for (c = 1; c <= commands; c++)
		print "complete -c gtviz -n \"not __fish_seen_subcommand_from $commands\" -a " command[c] " -d " fish_say(summary[command[c]])
	for (i = 1; i <= n; i++) {
		list = ""
		for (c = 1; c <= commands; c++) if (has(i, command[c])) list = list " " command[c]
		seen = "__fish_seen_subcommand_from" list
		if (has(i, "run")) seen = seen "; or not __fish_seen_subcommand_from $commands"
		printf "complete -c gtviz -n \"%s\"%s -l %s", seen, short[i] != "-" ? " -s " substr(short[i], 2) : "", substr(long[i], 3)
		list = words_of(i)
		if (list != "") printf " -x -a " fish_say(list)
		else if (is_file(i)) printf " -r -F"
		else if (arg[i] != "-") printf " -x"
		print " -d " fish_say(help[i])
	}
	print "complete -c gtviz -n \"__fish_seen_subcommand_from demo\" -f -a " fish_say(values["demo"])
	print "complete -c gtviz -n \"__fish_seen_subcommand_from talk\" -a " fish_say(values["talk"])
	print "complete -c gtviz -n \"__fish_seen_subcommand_from help\" -f -a " fish_say(all() " keys")
	print "complete -c gtviz -n \"__fish_seen_subcommand_from doctor\" -f"
}' "$2"
