#!/bin/sh
# The simulated pictures of docs, drawn again: each of docs/systems must show the same lanes,
# glyph by glyph, as the one that is kept. Colours and what stands around the lanes may have
# changed since: a picture that differs only there is told as skipped, for it is not wrong,
# only older. `make pictures` draws all.
# usage: O=build pictures.sh
O=$(realpath "${O:-build}")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

begin() { echo "[ RUN      ] $1"; }
good() { echo "[       OK ] $1"; }
failed() { echo "[  FAILED  ] $1"; bad=1; }

# The lanes: from the ruler to the line of the selection, without colours.
lanes() { # PICTURE
	sed -n '/>at [0-9]/,/>\(no selection\|selected\)</p' "$1" | sed 's/ fill="[^"]*"//g; s/ font-weight="[^"]*"//g'
}

if nm "$O/libgt.a" 2>/dev/null | grep -qE '__(a|t)san_'; then
	echo "skipped: the samples of a sanitizer's build play other runs"
	exit 77
fi
echo '[==========] Running the pictures'
begin draw
sh mk/pictures_sim.sh draw "$dir" && good draw || failed draw

begin same_lanes
before=$bad
for kept in docs/systems/*.svg; do
	name=${kept##*/}
	case $name in procs.svg | prefork.svg) continue ;; esac # of real runs
	lanes "$kept" >"$dir/kept"
	lanes "$dir/systems/$name" >"$dir/drawn"
	if [ ! -s "$dir/kept" ]; then
		echo "$kept: no lanes in it"
		bad=1
	elif ! cmp -s "$dir/kept" "$dir/drawn"; then
		echo "$kept shows another run than is drawn now (look, then: make pictures):"
		diff "$dir/kept" "$dir/drawn" | head -n 6
		bad=1
	fi
done
[ $bad = $before ] && good same_lanes || failed same_lanes

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
