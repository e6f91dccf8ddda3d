#!/bin/sh
# The runtime on another architecture: the test of its context switch, and its samples
# under every policy that can run them, compiled for aarch64 and run by an emulator, on
# its system and on the simulated one. The other tests of the runtime depend on times,
# and on forks of many threads, that an emulator does not keep.
# usage: O=… aarch64.sh
cc=aarch64-linux-gnu-gcc
out=${O:-build}/aarch64
command -v $cc >/dev/null || { echo "skip: $cc is not installed"; exit 77; }
command -v qemu-aarch64 >/dev/null || { echo 'skip: qemu-aarch64 is not installed'; exit 77; }
mkdir -p "$out"
echo 'int main(void) { return 0; }' >"$out/probe.c"
$cc -static "$out/probe.c" -o "$out/probe" 2>/dev/null && timeout 400 qemu-aarch64 "$out/probe" ||
	{ echo 'skip: no static C library for aarch64, or the emulator does not run'; exit 77; }

flags='-std=gnu17 -O2 -g -Wall -Wextra -D_GNU_SOURCE -I. -iquote runtime -static -pthread'
failed=0
# Under single nobody may wait for another, under procs nobody may share memory.
shared='coop quantum green asyncio offset gmp threads gil2 gil3'
apart="single $shared procs"

# shellcheck disable=SC2086
build_runtime() {
	rm -rf "$out/libgt.a" "$out/obj" && mkdir "$out/obj" || return
	for source in runtime/core/*.c runtime/policy/*.c runtime/sync/*.c runtime/io/*.c runtime/os/*.[cS] runtime/sim/*.c; do
		[ -f "$source" ] || continue
		$cc $flags -c "$source" -o "$out/obj/$(basename "$source").o" || return
	done
	aarch64-linux-gnu-ar rcs "$out/libgt.a" "$out"/obj/*.o
}

build() { # SOURCE OUTPUT
	# shellcheck disable=SC2086
	$cc $flags "$1" "$out/libgt.a" -lm -o "$2"
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

# What it prints must have TEXT in it, unless that is empty.
says() { # STATUS TEXT COMMAND…
	status=$1 text=$2
	shift 2
	said=$("$@" 2>&1)
	found=$?
	echo "$said"
	[ $found = "$status" ] || { echo "exit status $found"; return 1; }
	case $said in
	*"$text"*) ;;
	*) echo "it does not say: $text"; return 1 ;;
	esac
}

emulated() { # POLICY PROGRAM ARGUMENTS…
	policy=$1 program=$2
	shift 2
	env GT_POLICY="$policy" timeout 400 qemu-aarch64 "$out/$program" "$@"
}

sample() { # POLICIES TEXT NAME ARGUMENTS…
	under=$1 text=$2 sample=$3
	shift 3
	for policy in $under; do
		run "${sample}_$policy" says 0 "$text" emulated "$policy" "$sample" "$@"
	done
}

echo '[==========] Running on aarch64.'
run build_runtime build_runtime
for source in tests/unit/runtime_switch.c samples/*.c; do
	name=$(basename "$source" .c)
	run "build_$name" build "$source" "$out/$name"
done
run switch timeout 400 qemu-aarch64 "$out/runtime_switch"
sample "$apart" '' fib 20 4
sample "$shared" ' 12' chansum
sample procs ' 12' chansum
run order_gmp says 0 '-5 17 12' emulated gmp,cores=1 chansum
run order_offset says 0 '17 -5 12' emulated offset chansum
sample "$shared" '' pingpong
sample "$shared" '' blocking
sample "single $shared" ': 0 of' flip --mutex --flips 2000
sample 'coop quantum threads gil3' mcs spinlocks 0.02 4
# The emulator has no io_uring: that is said, and no other way is taken.
for loop in select poll epoll; do
	run "loop_$loop" says 0 "$loop" emulated asyncio loop "$loop"
	run "blocking_$loop" says 0 '' emulated "asyncio,loop=$loop" blocking
done
run loop_uring says 2 'the kernel refuses it: Function not implemented' \
	emulated asyncio,loop=uring fib 5
run wrong_policy says 2 'there are: single, coop' emulated nosuch fib 5
run shared_procs says 2 'share memory' emulated procs flip
# The simulated system: a seed is one run here, too.
for policy in $shared; do
	run "sim_$policy" says 0 ' 12' env GT_SIM=7 GT_POLICY="$policy" timeout 400 \
		qemu-aarch64 "$out/chansum"
done
echo '[==========] aarch64 run.'
exit $failed
