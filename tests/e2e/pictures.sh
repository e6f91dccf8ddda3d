#!/bin/sh
# The simulated pictures of docs, drawn again. The runs must be those that are shown, event by
# event: else a page says what is no longer so. A picture of the same run that is drawn
# otherwise now is told as skipped, for it is not wrong, only older: what the screen draws is
# what tests/golden is for. `make pictures` draws all.
# usage: O=build pictures.sh
O=$(realpath "${O:-build}")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

begin() { echo "[ RUN      ] $1"; }
good() { echo "[       OK ] $1"; }
failed() { echo "[  FAILED  ] $1"; bad=1; }

if nm "$O/libgt.a" 2>/dev/null | grep -qE '__(a|t)san_'; then
	echo "skipped: the samples of a sanitizer's build play other runs"
	exit 77
fi
echo '[==========] Running the pictures'
begin draw
sh mk/pictures_sim.sh draw "$dir" && good draw || failed draw

begin same_runs
if diff docs/systems/runs.txt "$dir/systems/runs.txt"; then
	good same_runs
else
	echo 'these runs are others than those that the pages show (look at them, then: make pictures)'
	failed same_runs
fi

begin drawn_by_this_screen
older=
for kept in docs/systems/*.svg docs/screen/*.svg docs/tutorial/*.svg; do
	name=${kept#docs/}
	case $name in systems/procs.svg | systems/prefork.svg | screen/loss.svg) continue ;; esac
	# The file's size, in the status line, is not the run's.
	for side in "$kept" "$dir/$name"; do
		sed 's/>[^<]*\.gtv[^<]*</></; s/ \(x\|textLength\)="[0-9]*"//g' "$side" >"$dir/side.${side##*.}.$([ "$side" = "$kept" ] && echo a || echo b)"
	done
	cmp -s "$dir/side.svg.a" "$dir/side.svg.b" || older="$older $name"
done
if [ -z "$older" ]; then
	good drawn_by_this_screen
else
	echo "skip: drawn by an older screen (make pictures):$older"
	echo '[  SKIPPED ] drawn_by_this_screen'
fi
echo '[==========] 3 cases run.'
exit $bad
