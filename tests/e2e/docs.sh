#!/bin/sh
# Every command of the documents is run: README, CONTRIBUTING, docs and the manual pages'
# examples, each document from its top in a scratch directory that looks like the tree after
# make, in a pseudo-terminal; what opens the screen is left by q. C blocks are compiled.
# What is not run, and why, is in docs.list. A document that is added is found by itself.
# usage: O=… CC=… docs.sh [DOCUMENT…]
root=$(pwd)
O=$(cd "${O:-build}" && pwd) || exit 1
CC=${CC:-cc}
# By its path: the documents' cc is a stand-in that calls it.
CC="$(command -v "${CC%% *}")${CC#"${CC%% *}"}"
export O CC
command -v python3 >/dev/null || { echo 'skip: no python3'; exit 77; }
unset GT_SIM GT_POLICY GT_VERBOSE GT_STATS NO_COLOR LINES COLUMNS
work=$(mktemp -d) || exit 1
background=
trap 'kill $background 2>/dev/null; rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/things" || exit 1

stand_in() { # NAME BODY
	printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1" && chmod 755 "$work/bin/$1"
}
# Another machine is this one, root needs no sudo, and the compiler is the build's.
# shellcheck disable=SC2016
{
	stand_in ssh 'shift; exec sh -c "$*"'
	[ "$(id -u)" != 0 ] || stand_in sudo 'exec "$@"'
	stand_in cc "exec $CC \"\$@\""
}
PATH=$work/bin:$O:$PATH
export PATH
# pkg-config finds the build tree's library.
printf 'Name: libgt\nDescription: the build tree\nVersion: 0\nCflags: -I%s/runtime -I%s/include\nLibs: -L%s -lgt -pthread\n' \
	"$root" "$O" "$O" >"$work/libgt.pc"
PKG_CONFIG_PATH=$work
export PKG_CONFIG_PATH

# What documents take for given: a program, a server that runs, and traces.
things=$work/things
# shellcheck disable=SC2086
$CC -O1 -std=gnu17 -iquote runtime -o "$things/program" tests/programs/docs_program.c "$O/libgt.a" -pthread -ldl || exit 1
cp "$things/program" "$things/server"
cp "$O/include/gtv_emit.h" "$things"
for trace in before:gil3 after:threads; do
	gtviz record -o "$things/${trace%:*}.gtv" --policy "${trace#*:}" "$things/program" >/dev/null 2>&1 &
	background="$background $!"
done
for pid in $background; do wait "$pid" || { echo "docs_program could not be recorded"; exit 1; }; done
cp "$things/before.gtv" "$things/run.gtv"
gtviz doctor | grep -q 'level 3 .*works' && export DOCS_LEVEL3=yes
if command -v perf >/dev/null && timeout 60 perf sched record -o "$things/perf.data" "$things/program" >/dev/null 2>&1; then :; else
	rm -f "$things/perf.data"
fi
# This test itself: a document with a fault of each kind, all of which must be told.
selftest() {
	tree=$work/faulty
	mkdir -p "$tree/docs" "$tree/samples" "$tree/runtime" "$tree/mk" "$tree/tests/e2e" && echo bench: >"$tree/Makefile" || return
	echo 'skip | nothing has this | stale' >"$tree/tests/e2e/docs.list"
	cat >"$tree/README.md" <<-'END'
		```sh
		gtviz report run.gtv
		gtviz report nothing.gtv
		gtviz run.gtv
		```

		<!-- keys: 2 | no such words -->

		```text
		gtviz hidden.gtv
		```

		```c
		int main(void) { return nothing; }
		```

		`make nothing`, `gtviz nothing FILE`, `make bench ROW=nothing`
	END
	said=$(PYTHONDONTWRITEBYTECODE=1 DOCS_PATIENCE=2 python3 tests/e2e/docs.py "$tree" "$work" 2>&1) && { echo 'no fault was found'; return 1; }
	for told in README.md:3: README.md:4: README.md:10: README.md:14: 'no target nothing' 'no command nothing' \
		'no row nothing' 'docs.list:1:'; do
		case $said in *"$told"*) ;; *) echo "not told: $told"; echo "$said"; return 1 ;; esac
	done
	case $said in *README.md:2:*) echo "$said"; return 1 ;; esac
}

echo '[==========] Running the documents.'
echo '[ RUN      ] each_fault_is_told'
selftest && echo '[       OK ] each_fault_is_told' || { echo '[  FAILED  ] each_fault_is_told'; exit 1; }
PYTHONDONTWRITEBYTECODE=1 python3 tests/e2e/docs.py "$root" "$work" "$@"
status=$?
echo '[==========] documents run.'
exit $status
