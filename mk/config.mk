# What this machine has: probed once into $(O)/config.mk by compiling tiny files.

comma := ,
CFLAGS_BASE := -std=gnu17 -O2 -g -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	-Wstrict-prototypes -Wmissing-prototypes -Werror=implicit-function-declaration \
	-fno-strict-aliasing -I. -D_GNU_SOURCE -DGTV_VERSION='"$(VERSION)"'
LDLIBS_BASE := -lpthread -lm
# A program is linked with the libraries it calls, not with all that gtviz has.
LDFLAGS     += $(if $(filter Darwin,$(shell uname)),,-Wl$(comma)--as-needed)

# Instrumented builds keep to a directory of their own.
ifdef SAN
CFLAGS_BASE += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined
LDFLAGS     += -fsanitize=$(SAN)
ifeq ($(O),build)
O := build-$(subst $(comma),-,$(SAN))
endif
endif
ifdef COV
CFLAGS_BASE += --coverage -O0
LDFLAGS     += --coverage
ifeq ($(O),build)
O := build-cov
endif
endif

ifdef REPLAY_ONLY
NO_BPF := 1
ifeq ($(O),build)
O := build-replay
endif
endif

# Goals that only call make again, or that need nothing, are not worth a probe.
PROBELESS := clean help uninstall setup setup-check demo check deb
ifneq ($(filter-out $(PROBELESS),$(or $(MAKECMDGOALS),all)),)

# The probe keeps its answer in $(O)/config.mk, and asks again when the compiler
# changed or something was missing: it may have been installed since.
PROBE_SAID := $(shell CC='$(CC)' CLANG='$(CLANG)' NO_BPF='$(NO_BPF)' sh mk/probe.sh $(O) || echo failed)
ifneq ($(PROBE_SAID),)
$(error mk/probe.sh: $(PROBE_SAID))
endif
include $(O)/config.mk

# Without these there is no gtviz; the runtime and the samples need none of them.
ifneq ($(filter-out $(PROBELESS) lib samples lint,$(or $(MAKECMDGOALS),all)),)
LACKING := $(filter $(MISSING),ZSTD XXHASH JSON CURSES $(if $(REPLAY_ONLY),,CAP))
ifneq ($(LACKING),)
$(error missing $(shell sh mk/setup.sh --names $(LACKING)): install that, or let `make demo` do it)
endif
endif
endif

# config.mk sets HAVE_BPF, HAVE_ZSTD…, and CFLAGS_X, LIBS_X for each; MISSING names
# those that are not here.
