#!/bin/sh
# `make pictures`: the pictures of README and docs, drawn by gtviz from programs it records:
# two that compute and one that talks share a GIL (samples/convoy), and once more under
# cooperative scheduling, to compare.
# Then two of docs/systems that no simulated machine can show, for they need processes; and
# those that it can (mk/pictures_sim.sh).
# usage: O=ABSOLUTE_DIR pictures.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
for program in convoy fib webserver load; do
	ln -s "$O/samples/$program" "$dir/$program"
done
cd "$dir" || exit 1
root=$OLDPWD
for policy in gil3 quantum; do
	"$O/gtviz" record -o "$policy.gtv" --policy "$policy" ./convoy --spin 2 --seconds 1 >/dev/null || exit 1
done
picture() { # NAME OPTION… FILE…
	name=$1
	shift
	"$O/gtviz" shot --format svg -o "${name##*/}.svg" "$@" && cp "${name##*/}.svg" "$root/docs/$name.svg" &&
		chmod 644 "$root/docs/$name.svg" && echo "docs/$name.svg drawn"
}
part='--from 400ms --to 440ms'
# shellcheck disable=SC2086
picture timeline $part --select G2 --size 120x36 gil3.gtv &&
	picture explain $part --select G2 --view explain --size 120x36 gil3.gtv &&
	picture threads --view threads --select G2 --size 120x36 gil3.gtv &&
	picture latency --view latency --size 120x36 gil3.gtv &&
	picture compare --from 400ms --to 500ms --size 120x36 quantum.gtv gil3.gtv || exit 1
"$O/gtviz" record -o procs.gtv --policy procs ./fib 34 2 --pin >/dev/null &&
	picture systems/procs --size 100x22 --rows core procs.gtv &&
	"$O/gtviz" record -o prefork.gtv --policy gevent ./webserver --fork 3 --wait 2 --load 12 0.3 >/dev/null &&
	picture systems/prefork --size 100x36 --rows thread --from 100ms --to 120ms prefork.gtv &&
	cd "$root" && sh mk/pictures_sim.sh draw docs && echo 'docs/systems and docs/screen drawn'
