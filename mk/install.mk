# Set-up, demonstration, pictures, installation, cleaning, help.

setup:
	$(Q)CC='$(CC)' sh mk/setup.sh build
setup-check:
	$(Q)CC='$(CC)' sh mk/setup.sh check
# What is shown is built first; the rest, libgt and the other samples, when it has been seen.
demo: setup
	$(Q)$(SUBMAKE) gtviz-bin $(O)/samples/fib
	$(Q)O='$(O)' sh mk/demo.sh
	$(Q)$(SUBMAKE) all
pictures: all
	$(Q)O='$(abspath $(O))' sh mk/pictures.sh
.PHONY: setup setup-check demo pictures

# For programs: gt.h and libgt.a, which pkg-config knows as libgt. For other runtimes:
# gtv_emit.h, which needs no library, and the event ABI it speaks.
LIBDIR     ?= $(PREFIX)/lib
# Where a package keeps what is loaded into programs and nobody links by accident.
PRELOADDIR ?= $(LIBDIR)
BIN_DIR     = $(DESTDIR)$(PREFIX)/bin
LIB_DIR     = $(DESTDIR)$(LIBDIR)
PRELOAD_DIR = $(DESTDIR)$(PRELOADDIR)
INCLUDE_DIR = $(DESTDIR)$(PREFIX)/include
MAN_DIR     = $(DESTDIR)$(PREFIX)/share/man
DEMO_DIR    = $(DESTDIR)$(PREFIX)/libexec/gtviz
TALK_DIR    = $(DESTDIR)$(PREFIX)/share/gtviz/talks
BASH_FILE   = $(DESTDIR)$(PREFIX)/share/bash-completion/completions/gtviz
ZSH_FILE    = $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_gtviz
FISH_FILE   = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/gtviz.fish
# With their places kept, so that links from page to page and to pictures hold.
DOC_DIR     = $(DESTDIR)$(PREFIX)/share/doc/gtviz
DOCS        = README.md CHANGELOG.md CONTRIBUTING.md $(wildcard $(foreach place,docs docs/*,$(place)/*.md $(place)/*.svg))
TALKS       = $(wildcard samples/talks/*.talk)
RECORDINGS  = $(wildcard samples/talks/*/*.gtv)
ABI_HEADERS = $(wildcard runtime/abi/*.h)
# The runtime's own pages go with its headers.
MAN_PAGES   = $(if $(REPLAY_ONLY),,$(wildcard docs/*.3)) $(wildcard docs/*.1 docs/*.5) $(COMMAND_PAGES)
PC_FILES    = $(addprefix $(LIB_DIR)/pkgconfig/,libgt.pc gtv_emit.pc) $(if $(SAN),,$(LIB_DIR)/pkgconfig/libgtpreload.pc)
man_file    = $(MAN_DIR)/man$(patsubst .%,%,$(suffix $(1)))/$(notdir $(1))

# What programs are compiled and linked with: mk/NAME.pc.in, with this PREFIX.
$(LIB_DIR)/pkgconfig/%.pc: mk/%.pc.in
	install -d $(@D)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@PRELOADDIR@|$(PRELOADDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' $< >$@ && chmod 644 $@

install: all pages
	install -d $(BIN_DIR)
	install -m 755 $(O)/gtviz $(BIN_DIR)/gtviz
ifndef REPLAY_ONLY
	install -d $(LIB_DIR)/pkgconfig $(PRELOAD_DIR) $(INCLUDE_DIR)/gtviz
	install -m 644 $(O)/libgt.a $(LIB_DIR)/libgt.a
	$(if $(SAN),,install -m 755 $(O)/libgtpreload.so $(PRELOAD_DIR)/libgtpreload.so)
	install -m 644 runtime/gt.h $(INCLUDE_DIR)/gt.h
	install -m 644 $(ABI_HEADERS) $(INCLUDE_DIR)/gtviz
	install -m 644 $(EMIT_HEADER) $(INCLUDE_DIR)/gtv_emit.h
	rm -f $(PC_FILES)
	$(Q)$(MAKE) --no-print-directory $(PC_FILES)
	install -d $(DEMO_DIR)
	install -m 755 $(SAMPLES) $(DEMO_DIR)
endif
	$(foreach file,$(TALKS) $(RECORDINGS),install -D -m 644 $(file) $(TALK_DIR)/$(patsubst samples/talks/%,%,$(file)) &&) :
	$(foreach page,$(MAN_PAGES),install -D -m 644 $(page) $(call man_file,$(page)) &&) :
	$(foreach page,$(DOCS),install -D -m 644 $(page) $(DOC_DIR)/$(page) &&) :
	install -D -m 644 $(O)/share/completions.bash $(BASH_FILE)
	install -D -m 644 $(O)/share/completions.zsh $(ZSH_FILE)
	install -D -m 644 $(O)/share/completions.fish $(FISH_FILE)

uninstall:
	rm -f $(BIN_DIR)/gtviz $(LIB_DIR)/libgt.a $(PRELOAD_DIR)/libgtpreload.so $(INCLUDE_DIR)/gt.h $(INCLUDE_DIR)/gtv_emit.h
	rm -f $(PC_FILES) $(BASH_FILE) $(ZSH_FILE) $(FISH_FILE)
	rm -f $(addprefix $(INCLUDE_DIR)/gtviz/,$(notdir $(ABI_HEADERS)))
	rm -f $(foreach page,$(MAN_PAGES),$(call man_file,$(page)))
	rm -f $(addprefix $(DEMO_DIR)/,$(notdir $(SAMPLES)))
	rm -f $(patsubst samples/talks/%,$(TALK_DIR)/%,$(TALKS) $(RECORDINGS))
	-rmdir $(patsubst samples/talks/%,$(TALK_DIR)/%,$(dir $(RECORDINGS))) $(TALK_DIR) $(DESTDIR)$(PREFIX)/share/gtviz 2>/dev/null
	rm -f $(addprefix $(DOC_DIR)/,$(DOCS))
	-rmdir $(addprefix $(DOC_DIR)/,$(filter-out docs/ ./,$(sort $(dir $(DOCS))))) $(DOC_DIR)/docs $(DOC_DIR) 2>/dev/null
	-rmdir $(INCLUDE_DIR)/gtviz $(DEMO_DIR) 2>/dev/null
.PHONY: install uninstall

# Only what a build makes: traces and notes of yours stay. The sanitizers' and the
# coverage build are inside $(O), or beside it when asked for by hand.
clean:
	rm -rf $(O) $(if $(filter build,$(O)),build-address-undefined build-thread build-cov build-replay gtviz)
.PHONY: clean

help:
	@echo 'make            gtviz, $(O)/libgt.a and the samples; installs nothing'
	@echo 'make demo       set-up, build, and gtviz live on a bundled program'
	@echo 'make check      set-up, build, lint and every test (under 20 minutes)'
	@echo 'make lint       style, include arrows, headers, manual pages'
	@echo 'make bench      measure everything: a table, and $(O)/bench.json; ROW=name for one row'
	@echo 'make fuzz       each fuzzer for FUZZ_SECONDS (60)'
	@echo 'make soak       an hour of virtual time; then record, kill and check at random for SOAK_SECONDS (600);'
	@echo '                user and kernel clocks side by side for CLOCK_SECONDS (60);'
	@echo '                half an hour of recording at a high rate (RECORD_SECONDS=1800, RATE=1000000)'
	@echo 'make coverage   how much of each folder the tests run'
	@echo 'make pictures   the pictures of README and docs, from recorded and simulated samples'
	@echo 'make setup      install what a build needs (setup-check: what the tests need)'
	@echo 'make install    into PREFIX ($(PREFIX)), under DESTDIR; uninstall takes it away'
	@echo 'make deb        Debian packages, in $(O)/deb (needs debhelper)'
	@echo 'make package-check  installs them in clean roots, and tries them and a clone there (root, network)'
	@echo 'make clean      remove what was built'
	@echo
	@echo 'O=DIR           build into DIR (build)'
	@echo 'CC=, CLANG=     the compilers; NO_BPF=1 leaves the kernel part out'
	@echo 'REPLAY_ONLY=1   only a viewer: no BPF, no libgt, no headers of Linux (in build-replay)'
	@echo 'SAN=…           address,undefined or thread: instrumented, in a directory of its own'
	@echo 'COV=1           measure coverage, in build-cov'
	@echo 'V=1             show the commands'
.PHONY: help
