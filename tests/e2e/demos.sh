#!/bin/sh
# The bundled demos: each is run, and what its audience must see is looked for in its trace;
# on the simulated system, where nobody else is, within narrow bounds. The list, what is
# said about one, other arguments, and the frame where there is no terminal.
# usage: GTVIZ=… SAMPLES=… demos.sh
gtviz=${GTVIZ:-build/gtviz}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export TMPDIR="$dir"
unset GT_SIM GT_POLICY
failed=0

told() { # CASE COMMAND… (which says why it fails)
	case=$1
	shift
	echo "[ RUN      ] $case"
	for _ in 1 2 3 4 5 6 7 8; do # a machine that others use too
		if said=$("$@" 2>&1); then
			echo "[       OK ] $case"
			return
		fi
		case $said in *'it needs other processes'*)
			echo "  (skip: not for the simulated system)"
			echo "[  SKIPPED ] $case"
			return
			;;
		esac
	done
	echo "$said" | sed 's/^/  | /'
	echo "[  FAILED  ] $case"
	failed=1
}

names() { "$gtviz" demo | awk '/^  [a-z]/ { print $1 }'; }
demo() { timeout 120 "$gtviz" demo "$@" </dev/null; }
simulated() { GT_SIM=1 demo "$@" --check; }

# A line each: its name, what it is; and with --about each says what to look for.
lists() {
	[ "$(names | wc -l)" -ge 59 ] && [ "$(names | sort | uniq -d | wc -l)" = 0 ] || return
	"$gtviz" demo --help >"$dir/help" || return
	for name in $(names); do
		grep -q "^  $name " "$dir/help" || return
		about=$("$gtviz" demo "$name" --about) || return
		case $about in "$name: "*In\ numbers:*GT_POLICY=*) ;; *)
			echo "$about"
			return 1
			;;
		esac
	done
	rm "$dir/help"
}

unknown() {
	said=$(demo nothing 2>&1)
	[ $? = 2 ] && [ "$said" = 'gtviz: nothing: there is no demo of that name (gtviz demo lists them)' ]
}

# Without a terminal: a frame, and then the numbers.
frame() {
	said=$(demo --size 80x24 say 1) || return
	echo "$said"
	case $said in *'G1 main'*'seen here'*'hello '*1*) ;; *) return 1 ;; esac
}

# Another policy and other arguments are what is run.
others() {
	said=$(demo --policy offset chansum -o "$dir/kept.gtv") || return
	echo "$said"
	case $said in *'17 -5 12'*'number 1'*) ;; *) return 1 ;; esac
	"$gtviz" check "$dir/kept.gtv" && "$gtviz" report "$dir/kept.gtv" | grep -q offset
}

# A parameter of the demo's own policy.
params() {
	said=$(demo --param quirks=0 latetimer) || return
	echo "$said"
	! echo "$said" | grep -q '20 ms took *[0-9.]* s' || return
	said=$(demo --param quirks=perhaps latetimer 2>&1) && return 1
	case $said in *quirks*) ;; *) return 1 ;; esac
}

# There are rings for a hundred OS threads.
nothing_lost() {
	said=$(demo stacks --check 2>&1)
	echo "$said"
	case $said in *'were lost'* | *WRONG*) return 1 ;; esac
}

# No trace of a demo stays behind.
tidy() {
	rm -f "$dir/kept.gtv"
	[ -z "$(ls "$dir")" ] || { ls "$dir"; return 1; }
}

# The generator is a program of its own, and so may be wrk or ab.
web_by_itself() {
	GT_POLICY=green timeout 120 "${SAMPLES:-build/samples}/webserver" >"$dir/web" &
	server=$!
	port=
	while [ -z "$port" ] && kill -0 $server; do
		port=$(sed -n 's|.*127.0.0.1:\([0-9]*\)/|\1|p' "$dir/web")
	done
	"${SAMPLES:-build/samples}/load" "$port" 8 0.3
	status=$?
	kill $server
	wait $server 2>/dev/null
	rm -f "$dir/web"
	return $status
}

echo '[==========] Running the demos.'
told demos_are_listed lists
told a_demo_that_is_not_there unknown
# Most of the real ones sleep: meanwhile the simulated ones compute.
(
	for name in $(names); do
		told "simulated_$name" simulated "$name"
	done
	exit $failed
) >"$dir/simulated" &
for name in $(names); do
	told "demo_$name" demo "$name" --check
done
wait $! || failed=1
cat "$dir/simulated"
rm "$dir/simulated"
told a_frame_without_a_terminal frame
told another_policy others
told another_parameter params
told a_hundred_threads nothing_lost
told nothing_stays_behind tidy
told the_server_by_itself web_by_itself
echo '[==========] demos run.'
exit $failed
