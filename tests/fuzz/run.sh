#!/bin/sh
# `make fuzz`: each fuzzer for FUZZ_SECONDS, from the corpus in tests/fuzz/corpus.
# New inputs are kept in $O/fuzz-found/NAME; a crash leaves its input there too.
# usage: MAKE=… CLANG=… O=… FUZZ_SECONDS=… run.sh NAME…
probe=$(mktemp -d) || exit 1
trap 'rm -rf "$probe"' EXIT
echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n); int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return d && n > 1u << 30; }' >"$probe/f.c"
if ! "$CLANG" -fsanitize=fuzzer,address "$probe/f.c" -o "$probe/f" 2>/dev/null; then
	echo "fuzz: SKIPPED: $CLANG has no libFuzzer here (install: clang with its runtime, libclang-rt-dev)"
	exit 0
fi
[ $# -gt 0 ] || { echo 'fuzz: there is no fuzzer in tests/fuzz'; exit 1; }

# A fuzzer is built apart from the rest: every object is instrumented.
$MAKE --no-print-directory O="$O/fuzzing" CC="$CLANG" SAN=fuzzer-no-link,address,undefined fuzz-programs || exit 1
failed=0
for name; do
	found=$O/fuzz-found/$name
	mkdir -p "$found"
	seeds=
	[ -d "tests/fuzz/corpus/$name" ] && seeds=tests/fuzz/corpus/$name
	# shellcheck disable=SC2086
	if "$O/fuzzing/fuzz/$name" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$found/" "$found" $seeds >"$found.log" 2>&1; then
		echo "fuzz: $name: $(tail -n 1 "$found.log")"
	else
		failed=1
		echo "fuzz: $name: FAILED, see $found.log"
		tail -n 20 "$found.log"
	fi
done
exit $failed
