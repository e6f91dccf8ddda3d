#!/bin/sh
# What `make install` puts into a tree of its own: a program compiled with pkg-config against
# it runs under the gtviz that is installed there; demos, the talk, manual pages; what completes
# the command line; uninstall leaves nothing. And the Debian packages of the same build: what
# is in them, and what they depend on. In roots of their own they are tried by
# tests/package (make package-check).
# usage: O=… CC=… GTVIZ=… package.sh
O=${O:-build} CC=${CC:-cc}
tree=$(pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GT_SIM GT_POLICY DESTDIR
to=$dir/root
gtviz=$to/usr/bin/gtviz
failed=0

told() { # CASE COMMAND… (77: skipped)
	case=$1
	shift
	echo "[ RUN      ] $case"
	begin=$(date +%s%N)
	said=$(cd "$dir" && "$@" 2>&1)
	case $? in
	0) echo "[       OK ] $case"; echo "   $((($(date +%s%N) - begin) / 1000000)) ms" ;;
	77) echo "$said" | tail -n 1; echo "[  SKIPPED ] $case" ;;
	*) echo "$said" | tail -n 40 | sed 's/^/  | /'; echo "[  FAILED  ] $case"; failed=1 ;;
	esac
}
# As it was called when it was built: what depends on what is kept by these names.
built=${O#"$tree"/}
made() { make -C "$tree" O="$built" CC="$CC" PREFIX=/usr DESTDIR="$to" "$@"; }
pc() { PKG_CONFIG_PATH=$to/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$to pkg-config "$@"; }

installs() {
	made install >log 2>&1 || { tail log; return 1; }
	[ -z "$(find "$to" -type f -perm /7022)" ] || { find "$to" -perm /7022; return 1; }
	for command in $("$gtviz" help --man-options | awk -F'\t' '$1 == "command" { print $2 }'); do
		[ -s "$to/usr/share/man/man1/gtviz-$command.1" ] || { echo "no page of $command"; return 1; }
	done
	[ -s "$to/usr/share/man/man3/gt.3" ] && [ "$("$gtviz" --version)" = "gtviz $(pc --modversion libgt)" ]
}

# Links from page to page and to pictures; sources they may name are not installed.
pages_find_each_other() {
	cd "$to/usr/share/doc/gtviz" || return
	[ -s README.md ] && [ -s docs/tutorial.md ] && [ -s docs/systems/gil3.md ] || return
	find . -name '*.md' | while read -r page; do
		grep -o '](\([^()]*\.\(md\|svg\)\))' "$page" | sed 's/^](//; s/)$//' | while read -r target; do
			case $target in *://*) continue ;; esac
			[ -s "${page%/*}/$target" ] || echo "$page: $target is not installed"
		done
	done >"$dir/missing"
	[ ! -s "$dir/missing" ] || { cat "$dir/missing"; return 1; }
}

# The program of gt.3, as its reader would try it.
program_of_the_manual() {
	awk '/^#include <gt.h>/ { inside = 1 } /^\.Ed/ { inside = 0 } inside' "$tree/docs/gt.3" |
		sed 's/\\e/\\/g' >numbers.c
	# shellcheck disable=SC2046
	$CC -Wall -o numbers numbers.c $(pc --cflags --libs libgt) || return
	[ "$(GT_POLICY=asyncio ./numbers | tr '\n' ' ')" = '1 2 3 ' ] || return
	"$gtviz" record -o numbers.gtv --policy gmp,cores=2 ./numbers || return
	"$gtviz" check numbers.gtv && "$gtviz" report numbers.gtv >report || return
	grep -q '\bmain\b' report || { cat report; return 1; }
}

preload_by_pkg_config() {
	[ -e "$to/usr/lib/libgtpreload.so" ] || { echo 'skip: an instrumented build has no preload library'; return 77; }
	# shellcheck disable=SC2046
	$CC -o shared numbers.c $(pc --cflags --libs libgtpreload | sed "s|-rpath,/usr|-rpath,$to/usr|") || return
	[ "$(GT_POLICY=green ./shared | tr '\n' ' ')" = '1 2 3 ' ] || return
	[ "$(pc --variable=preload libgtpreload | sed "s|^$to||")" = /usr/lib/libgtpreload.so ]
}

emit_header() {
	# shellcheck disable=SC2046
	$CC -o coroutines "$tree/samples/emit/coroutines.c" $(pc --cflags --libs gtv_emit) &&
		"$gtviz" record -o emit.gtv ./coroutines >/dev/null && "$gtviz" report emit.gtv >report || return
	grep -q '^GREEN THREAD ' report || { cat report; return 1; }
}

demo_and_talk() {
	"$gtviz" demo --about convoy >/dev/null && GT_SIM=1 "$gtviz" demo --check convoy-short </dev/null &&
		"$gtviz" talk --check green-threads
}

# What Tab offers behind these words, the last of which is begun.
offers() { # WORD…
	bash --norc -c '. "$0"; COMP_WORDS=(gtviz "$@"); COMP_CWORD=$#; _gtviz; printf "%s\n" "${COMPREPLY[@]}"' \
		"$to/usr/share/bash-completion/completions/gtviz" "$@"
}
# WORDS has_word WORD
expect() { # WORD… -- WORD…
	typed=
	while [ "$1" != -- ]; do typed="$typed '$1'"; shift; done
	shift
	for word; do
		eval "offers $typed" | grep -qxF -e "$word" || { echo "$typed: does not offer $word:"; eval "offers $typed"; return 1; }
	done
}
bash_completes() {
	command -v bash >/dev/null || { echo 'skip: no bash here'; return 77; }
	expect rec -- record && expect record --le -- --level && expect record --level '' -- 3 2 1 0 &&
		expect -- --as-root --help 2>/dev/null || expect --a -- --as-root || return
	expect demo conv -- convoy convoy-two && expect --policy gi -- gil2 gil3 &&
		expect --policy = gi -- gil3 && expect export --to '' -- perfetto chrome &&
		expect talk green -- green-threads && expect help k -- keys &&
		expect report numb -- numbers.gtv numbers.c || return
	# A time is no format; behind the program's name words are the program's.
	[ -z "$(offers shot --to '' | grep chrome)" ] && [ -z "$(offers record -o x ls --lev | grep level)" ]
}
# Each word that is offered is one that gtviz takes.
offered_words_are_taken() {
	command -v bash >/dev/null || { echo 'skip: no bash here'; return 77; }
	for option in --view --theme --rows --format; do
		for word in $(offers shot $option ''); do
			count=$((${count:-0} + 1))
			"$gtviz" shot numbers.gtv --size 60x20 $option "$word" >shown 2>said && continue
			# That of one wait wants to be told which.
			grep -q -e 'explain: no wait is selected' said || { cat said; return 1; }
		done
	done
	[ "$count" -ge 25 ] || { echo "only $count words"; return 1; }
	for word in $(offers export --to ''); do
		"$gtviz" export numbers.gtv --to "$word" -o "out.$word" || return
	done
	for word in $(offers record -o x --policy ''); do
		GT_POLICY=$word ./numbers >/dev/null 2>said
		! grep -q "no policy" said || { cat said; return 1; }
	done
	for word in $(offers demo ''); do "$gtviz" demo --about "$word" >/dev/null || return; done
}
other_shells_complete() {
	found=
	if command -v zsh >/dev/null; then
		found=1
		# As at a terminal: what is looked for must come, else the time is over.
		cat >keys.zsh <<-'Z'
			zmodload zsh/zpty && zpty z zsh -f -i || exit 1
			zpty -w z "PS1=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -d $2/dump; echo READY"
			zpty -r z out '*READY*READY*'
			zpty -w -n z $'gtviz record --le\t'
			zpty -r z out '*--level*'
			zpty -w -n z $'\C-ugtviz shot --theme pro\t'
			zpty -r z out '*projector*'
			zpty -d z
		Z
		timeout -k 5 300 zsh -f keys.zsh "$to/usr/share/zsh/site-functions" "$dir" || return
	fi
	if command -v fish >/dev/null; then
		found=1
		fish -c '. $argv[1]; complete -C "gtviz record --le"; complete -C "gtviz shot --theme "' \
			"$to/usr/share/fish/vendor_completions.d/gtviz.fish" >said || return
		grep -q -e '^--level' said && grep -q '^projector' said || { cat said; return 1; }
	fi
	[ -n "$found" ] || { echo 'skip: neither zsh nor fish here'; return 77; }
}

uninstalls() {
	made uninstall >log 2>&1 || { tail log; return 1; }
	[ -z "$(find "$to" -type f)" ] || { find "$to" -type f; return 1; }
}

# ---- Debian's packages ----

same_everywhere() {
	cd "$tree" || return
	[ "$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)" = "$(sed -n 's/^VERSION := //p' Makefile)" ] ||
		{ echo 'debian/changelog and Makefile are of different versions'; return 1; }
	sed -n '/^Build-Depends:/,/^[A-Z]/p' debian/control | tr -s ' ,\n' '\n' |
		grep -E '^[a-z]' | grep -vx 'debhelper-compat' | sort >"$dir/needed"
	awk '$1 ~ /^(build|kernel|import)$/ { print $2 }' mk/packages | sort >"$dir/listed"
	diff "$dir/listed" "$dir/needed" || { echo '< in mk/packages alone, > in debian/control alone'; return 1; }
}
packs() {
	command -v dh >/dev/null || { echo 'skip: no debhelper here'; return 77; }
	[ -e "$O/libgtpreload.so" ] || { echo 'skip: an instrumented build is not packed'; return 77; }
	mkdir -p pack/samples && cp -R "$tree/debian" pack/ && cp -R "$tree"/samples/*.c "$tree/samples/emit" pack/samples/ &&
		cd pack && TREE=$tree TREE_O=$built CC=$CC debian/rules binary >../log 2>&1 || { tail ../log; return 1; }
	cd .. && ls ./*.deb
}
holds() {
	[ -e "$(echo gtviz_*.deb)" ] || { echo 'skip: nothing was packed'; return 77; }
	for deb in *.deb; do dpkg-deb -c "$deb"; done >list
	for file in usr/bin/gtviz usr/libexec/gtviz/fib usr/share/gtviz/talks/green-threads.talk \
		usr/share/doc/gtviz/README.md usr/share/doc/gtviz/docs/systems/gil3.md \
		usr/share/man/man1/gtviz-record.1.gz usr/share/man/man3/gt.3.gz usr/include/gt.h \
		usr/share/bash-completion/completions/gtviz usr/share/zsh/vendor-completions/_gtviz \
		'usr/lib/.*/libgt.a' 'usr/lib/.*/pkgconfig/libgt.pc' 'usr/lib/.*/gtviz/libgtpreload.so'; do
		grep -q "\./$file\$" list || { echo "$file is in no package"; return 1; }
	done
	# Nobody gains a privilege by it, and what it links it names.
	[ -z "$(awk '$1 ~ /[sS]/ && $1 !~ /^d/' list)" ] || { awk '$1 ~ /[sS]/' list; return 1; }
	dpkg-deb -f gtviz_*.deb Depends >depends
	for library in $(ldd "$O/gtviz" | awk '/libzstd|libbpf|libncursesw|libcap|libxxhash|libjson|libelf/ { sub(/\.so.*/, "", $1); print $1 }'); do
		grep -q "${library%%-*}[-0-9]" depends || { echo "$library: not in: $(cat depends)"; return 1; }
	done
}

told make_install_fills_a_tree installs
told installed_pages_find_each_other pages_find_each_other
told the_manuals_program_compiles_and_is_watched program_of_the_manual
told the_preload_library_is_found_by_pkg_config preload_by_pkg_config
told another_runtime_finds_its_header emit_header
told demos_and_talk_run_from_the_tree demo_and_talk
told bash_completes bash_completes
told what_is_offered_is_taken offered_words_are_taken
told zsh_and_fish_complete other_shells_complete
told uninstall_leaves_nothing uninstalls
told package_and_build_agree same_everywhere
told debian_packages_are_built packs
told they_hold_what_they_should holds
[ $failed = 0 ] && echo '[==========] 13 test(s) run.' || echo '[==========] some failed run.'
exit $failed
