#!/bin/sh
# `make bench`: every row of every bench program, one after the other, as a table
# and as a list of JSON objects in OUT. A row has 100 s; those of huge traces, which the
# first run makes, 500; that with five tracers to start nine times, 250.
# usage: run.sh OUT ROW PROGRAM…   (ROW empty: all)
out=$1 only=$2
shift 2
rows=$(mktemp) && log=$(mktemp) || exit 1
trap 'rm -f "$rows" "$log"' EXIT
failed=0 measured=0

# One JSON object of bench.h in, one line of the table out.
show() {
	awk '
	function field(key,    s) {
		if (!match($0, "\"" key "\":(\"[^\"]*\"|[-+.e0-9]+)")) return ""
		s = substr($0, RSTART, RLENGTH); sub(/^"[^"]*":/, "", s); gsub(/"/, "", s)
		return s
	}
	function list(key, open, close_,    s, i) {
		i = index($0, "\"" key "\":" open); if (!i) return ""
		s = substr($0, i + length(key) + 4); s = substr(s, 1, index(s, close_) - 1)
		gsub(/"/, "", s); gsub(/:/, " ", s); gsub(/,/, ", ", s)
		return s
	}
	{
		missing = list("missing", "[", "]")
		printf "%-22s %12s %-10s %12s %8s   %s%s\n", field("name"), field("ours"), field("unit"),
			field("reference"), field("ratio"), list("peers", "{", "}"),
			missing != "" ? " (not here: " missing ")" : ""
	}'
}

printf '%-22s %12s %-10s %12s %8s   %s\n' row ours unit reference ratio peers
for program; do
	for row in $("$program" --list); do
		[ -n "$only" ] && [ "$row" != "$only" ] && continue
		measured=$((measured + 1))
		case $row in *_100m) limit=500 ;; trace_event) limit=250 ;; *) limit=100 ;; esac
		if line=$(timeout -k 5 $limit "$program" "$row" 2>"$log") && [ -n "$line" ]; then
			echo "$line" >>"$rows"
			echo "$line" | show
		else
			status=$?
			case $line in
			*'"error"'*) why='cannot be measured here' ;;
			*) why="failed: exit status $status" failed=1 ;;
			esac
			printf '%-22s %s\n' "$row" "$why"
			tail -n 3 "$log" | sed 's/^/  | /'
		fi
	done
done
if [ $measured = 0 ]; then
	echo "bench: there is no row named $only" >&2
	exit 2
fi
# One row alone does not replace the list of all: it goes beside it.
[ -n "$only" ] && out=${out%.json}-$only.json
awk 'BEGIN { print "[" } { if (NR > 1) print last ","; last = $0 }  END { print last; print "]" }' "$rows" >"$out.tmp" &&
	mv "$out.tmp" "$out" && echo "written to $out"
exit $failed
