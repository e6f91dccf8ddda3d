#!/bin/sh
# A program that attacks the memory it was lent (tests/programs/hostile.c), each way by
# itself: gtviz records on to the program's end and takes on its status; the trace opens,
# check has nothing against it or says what; nothing of the program reaches a terminal raw.
# The same from a program that runs already and offers its rings to who attaches.
# usage: O=build CC=cc GTVIZ=build/gtviz hostile.sh
O=${O:-build} CC=${CC:-cc}
gtviz=${GTVIZ:-$O/gtviz}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
if nm "$O/libgt.a" 2>/dev/null | grep -qE '__(a|t)san_'; then
	echo 'skipped: needs a plain build'
	exit 77
fi
$CC -std=gnu17 -D_GNU_SOURCE -O1 -g -I. -o "$dir/hostile" tests/programs/hostile.c -lpthread || exit 1

escape=$(printf '\033')
clean() { # COMMAND…: its output has no control characters but newlines and tabs
	timeout 120 "$@" >"$dir/said" 2>&1
	status=$?
	[ $status -le 1 ] || { echo "$*: status $status"; tail -n 3 "$dir/said"; return 1; }
	if LC_ALL=C tr -d '\11\12\40-\377' <"$dir/said" | grep -q .; then
		echo "$*: control characters, $(grep -c "$escape" "$dir/said") escapes"
		return 1
	fi
}

attacked() { # WAY
	timeout 120 "$gtviz" record -o "$dir/a.gtv" -- "$dir/hostile" "$1" 2>"$dir/err"
	status=$?
	[ $status = 0 ] || { echo "record: status $status"; cat "$dir/err"; return 1; }
	clean "$gtviz" check "$dir/a.gtv" || return 1
	[ -s "$dir/said" ] || { echo 'check says nothing'; return 1; }
	case $1 in
	punch | scribble | heads | lies)
		grep -q 'no producer writes' "$dir/err" || { echo 'record does not say so'; return 1; }
		grep -q 'implausible' "$dir/said" || { echo "check does not say so"; return 1; }
		;;
	truncate | swap)
		grep -q ': good' "$dir/said" || { echo 'what was refused did harm'; return 1; }
		;;
	esac
	clean "$gtviz" report "$dir/a.gtv" && clean "$gtviz" report --json "$dir/a.gtv" &&
		clean "$gtviz" events "$dir/a.gtv" && clean "$gtviz" events --json "$dir/a.gtv" &&
		clean "$gtviz" shot --size 100x40 "$dir/a.gtv" &&
		clean "$gtviz" export --to chrome -o - "$dir/a.gtv"
}

# The program ends by itself, and with it the recording; in between gtviz may say what it
# likes, on one line each.
offered() { # WAY
	rm -f "$dir/a.gtv"
	"$dir/hostile" offer "$1" >"$dir/ready" & prog=$!
	n=1000
	while [ $n -gt 0 ] && ! grep -q ready "$dir/ready"; do n=$((n - 1)); sleep 0.02; done
	timeout 120 "$gtviz" record -p $prog -o "$dir/a.gtv" 2>"$dir/err"
	status=$?
	kill -KILL $prog 2>/dev/null
	wait $prog 2>/dev/null
	[ $status -le 1 ] || { echo "record -p: status $status"; cat "$dir/err"; return 1; }
	if grep -q Sanitizer "$dir/err" || LC_ALL=C tr -d '\11\12\40-\377' <"$dir/err" | grep -q .; then
		cat -v "$dir/err"
		return 1
	fi
	clean "$gtviz" check "$dir/a.gtv" || return 1
	[ -s "$dir/said" ] || { echo 'check says nothing'; return 1; }
	case $1 in
	punch | scribble | heads | lies)
		grep -q 'implausible' "$dir/said" || { echo "check does not say so"; cat "$dir/said"; return 1; }
		;;
	esac
	clean "$gtviz" report "$dir/a.gtv" && clean "$gtviz" events "$dir/a.gtv"
}

echo '[==========] Running the attacks.'
for way in truncate punch scribble heads close swap names locks lies; do
	echo "[ RUN      ] survives_$way"
	if said=$(attacked $way); then
		echo "[       OK ] survives_$way"
	else
		echo "$said" | sed 's/^/  | /'
		echo "[  FAILED  ] survives_$way"
		failed=1
	fi
done
for way in truncate punch scribble heads close swap names locks lies mute fickle; do
	echo "[ RUN      ] survives_an_offer_to_$way"
	if said=$(offered $way); then
		echo "[       OK ] survives_an_offer_to_$way"
	else
		echo "$said" | sed 's/^/  | /'
		echo "[  FAILED  ] survives_an_offer_to_$way"
		failed=1
	fi
done
echo '[==========] attacks run.'
exit $failed
