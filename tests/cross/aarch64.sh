#!/bin/sh
# The runtime on another architecture: the test of its context switch, and its samples
# under every policy, compiled for aarch64 and run by an emulator. The other tests of the
# runtime depend on times, and on forks of many threads, that an emulator does not keep.
# usage: O=… aarch64.sh
cc=aarch64-linux-gnu-gcc
out=${O:-build}/aarch64
command -v $cc >/dev/null || { echo "skip: $cc is not installed"; exit 77; }
command -v qemu-aarch64 >/dev/null || { echo 'skip: qemu-aarch64 is not installed'; exit 77; }
mkdir -p "$out"
echo 'int main(void) { return 0; }' >"$out/probe.c"
$cc -static "$out/probe.c" -o "$out/probe" 2>/dev/null && timeout 120 qemu-aarch64 "$out/probe" ||
	{ echo 'skip: no static C library for aarch64, or the emulator does not run'; exit 77; }

flags='-std=gnu17 -O2 -g -Wall -Wextra -D_GNU_SOURCE -I. -iquote runtime -static -pthread'
sources=$(find runtime -maxdepth 1 -name '*.[cS]')
failed=0
policies='coop quantum green offset gmp threads gil2 gil3'

build() { # SOURCE OUTPUT
	# shellcheck disable=SC2086
	$cc $flags "$1" $sources -lm -o "$2"
}

# Each program is one case, told as cmocka would, so that each counts.
run() { # CASE COMMAND…
	case=$1
	shift
	echo "[ RUN      ] $case"
	said=$("$@" 2>&1)
	status=$?
	if [ $status = 0 ]; then
		echo "[       OK ] $case"
		return
	fi
	echo "$said" | tail -n 20 | sed 's/^/  | /'
	echo "exit status $status"
	echo "[  FAILED  ] $case"
	failed=1
	return 1
}

sample() { # NAME ARGUMENTS…
	sample=$1
	shift
	for policy in $policies; do
		run "${sample}_$policy" env GT_POLICY=$policy timeout 120 qemu-aarch64 "$out/$sample" "$@"
	done
}

echo '[==========] Running on aarch64.'
for source in tests/unit/runtime_switch.c samples/*.c; do
	name=$(basename "$source" .c)
	run "build_$name" build "$source" "$out/$name"
done
run switch timeout 120 qemu-aarch64 "$out/runtime_switch"
sample pingpong
sample fib 20 4
sample blocking
echo '[==========] aarch64 run.'
exit $failed
