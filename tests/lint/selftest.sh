#!/bin/sh
# Each check can fail: a small tree that breaks one rule is shown to each, which
# must complain of it; and a tree without fault must pass.
# usage: selftest.sh
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
bad=0

# A tree without fault, as small as the checks allow.
plant() {
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/docs/man" "$tree/mk" "$tree/runtime/abi" "$tree/samples" "$tree/tests" \
		"$tree/tracer/base" "$tree/tracer/bpf" "$tree/tracer/store" "$tree/tracer/cmd" "$tree/tui/canvas" "$tree/tui/scene" "$tree/tui/view" "$tree/tui/term"
	cp "$here/../../docs/design.md" "$here/../../docs/gtviz.1" "$tree/docs/"
	cp "$here"/../../docs/man/*.mdoc "$tree/docs/man/"
	cp "$here/../../tui/scene/keys.h" "$tree/tui/scene/"
	cp "$here/../../.clang-format" "$tree/"
	for file in runtime/gt.h runtime/abi/gtv_event.h tracer/base/err.h tracer/store/store.h \
		tui/canvas/canvas.h tui/term/curses.c samples/one.c; do
		printf '/* SPDX-License-Identifier: MIT */\n' >"$tree/$file"
	done
	echo '#include <curses.h>' >>"$tree/tui/term/curses.c"
	echo '#include "gt.h"' >>"$tree/samples/one.c"
	printf '#!/bin/sh\ntrue\n' >"$tree/mk/ok.sh"
}
complains() { # CHECK ABOUT
	said=$("$here/$1.sh" "$tree" 2>&1) && { echo "$1: does not see $2"; bad=1; }
	case $said in
	*"$2"*) ;;
	*) echo "$1: complains, but not of $2:"; echo "$said" | head -n 3; bad=1 ;;
	esac
}
passes() { # CHECK
	said=$("$here/$1.sh" "$tree" 2>&1) || {
		[ $? = 77 ] && return
		echo "$1: complains of a tree without fault:"; echo "$said" | head -n 5; bad=1
	}
}
add() { # FILE TEXT
	printf '%s\n' "$2" >>"$tree/$1"
}

plant
for check in arrows names headers format shell; do passes $check; done

plant; add tracer/base/err.h '#include "tracer/store/store.h"'
complains arrows 'tracer/base may not include tracer/store/store.h'
plant; add tui/canvas/canvas.h '#include "tracer/cmd/cmd.h"'; add tracer/cmd/cmd.h '/* */'
complains arrows 'tui/canvas may not include tracer/cmd/cmd.h'
plant; add samples/one.c '#include "runtime/abi/gtv_event.h"'
complains arrows 'samples may not include runtime/abi/gtv_event.h'
plant; add tui/view/views.c '#include <curses.h>'
complains arrows 'more than one file includes <curses.h>'
plant; add tracer/base/err.h '#include <ncurses.h>'
complains arrows 'only tui may include'
plant; add tui/canvas/canvas.h '#include "tui/canvas/nowhere.h"'
complains arrows 'which is not there'
plant; mkdir "$tree/tracer/new"; add tracer/new/x.c 'int x;'
complains arrows 'belongs to no layer'

plant; awk 'BEGIN { for (i = 0; i < 900; i++) print "" }' >>"$tree/tui/term/curses.c"
complains names 'lines (at most'
plant; echo 'int x;' >"$tree/tui/bare.c"
complains names 'no SPDX'
plant; add tui/canvas/canvas.h '/* TO''DO: later */'
complains names 'unfinished'
plant; add mk/ok.sh 'cd /wo''rk/somewhere'
complains names 'not part of the project'
plant; add tui/canvas/utils.c '/* SPDX-License-Identifier: MIT */'
complains names 'named after what it is for'

plant; add tui/canvas/canvas.h 'size_t lost(void);'
complains headers 'does not compile by itself'
plant; add runtime/abi/gtv_event.h 'static inline int f(void) { for (int *class = 0;;) return !class; }'
complains headers 'as C++'
plant; add runtime/abi/gtv_event.h '#ifdef __bpf__
#error no
#endif'
command -v clang >/dev/null && complains headers 'for BPF'

if command -v clang-format >/dev/null; then
	plant; add tui/canvas/canvas.h 'int   x ;'
	complains format 'not formatted'
fi
plant; add mk/ok.sh 'if true; then'
complains shell 'mk/ok.sh'

plant; sed 's/^\.It Ic w.*/.It Ic w W/' "$here/../../docs/gtviz.1" >"$tree/docs/gtviz.1"
complains manual '> w W'
if [ -x "$GTVIZ" ]; then
	options=docs/man/options.mdoc
	plant; sed '/^\.It Fl o , Fl Fl output/d' "$here/../../$options" >"$tree/$options"
	complains manual '< -o --output FILE'
	plant; add $options '.It Fl Fl no-such-option'
	complains manual '> --no-such-option'
	plant; rm "$tree/docs/man/record.mdoc"
	complains manual 'no words about gtviz record'
	plant; sed 's/^run a program and write its trace/records/' "$here/../../docs/gtviz.1" >"$tree/docs/gtviz.1"
	complains manual '< run a program and write its trace'
fi
api() { plant; cp "$here/../../docs/gt.3" "$tree/docs/"; cp "$here/../../runtime/gt.h" "$tree/runtime/"; }
api; passes runtime_manual
api; add runtime/gt.h 'int gt_new_call(void);'
complains runtime_manual '< intgt_new_call(void)'
api; sed -i 's/^int gt_join(struct gt \*gt);/int gt_join(struct gt *gt, int how);/' "$tree/runtime/gt.h"
complains runtime_manual '> intgt_join(structgt*gt)'
api; sed -i 's/^\.Fn gt_self$/it/' "$tree/docs/gt.3"
complains runtime_manual 'says nothing of gt_self'
api; add runtime/gt.h '/* -EDOM: never */'
complains runtime_manual '< EDOM'
if command -v mandoc >/dev/null; then
	plant; add docs/gtviz.1 '.Nosuchmacro'
	complains manual 'Nosuchmacro'
fi

plant; add docs/one.md '# One'; add docs/two.md 'See [one](one.md#one), and ![it](it.svg).'; add docs/it.svg '<svg/>'
passes docs
add docs/two.md 'See [three](three.md).'
complains docs 'docs/two.md: links to three.md, which is not there'
plant; add docs/one.md '# One'; add docs/two.md 'See [one](one.md#two).'
complains docs 'one.md#two, which has no such heading'
plant; add docs/it.svg '<svg/>'
complains docs 'no page shows it'
plant; mkdir "$tree/docs/systems"; add docs/systems/one.md 'See `runtime/gone.c`.'
complains docs 'there is no runtime/gone.c'
plant; mkdir "$tree/docs/systems"; add docs/systems/one.md '## In the code'; add docs/systems/one.md 'It is `gone_away`.'
complains docs 'nothing in the code is called gone_away'
[ $bad = 0 ] && echo 'every check fails when it should'
exit $bad
