# Tests, benchmarks, lint, fuzzing. A test program is one C file:
#   tests/unit/LAYER_what.c   cmocka; links LAYER and what is below it
#   tests/kernel/*.c tests/e2e/*.c tests/golden/*.c   cmocka; link everything
#   tests/fuzz/*.c            a main over files, or libFuzzer
#   tests/bench/*.c           rows of `make bench`
#   tests/tools/*.c           helpers of the tests (tracegen…)

UNIT_SRC := $(wildcard tests/unit/*.c)
FULL_SRC := $(wildcard tests/kernel/*.c tests/e2e/*.c tests/golden/*.c)
TOOL_SRC := $(wildcard tests/tools/*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)

# What a unit test of a layer links.
BELOW_runtime := runtime
BELOW_base    := base
BELOW_clock   := clock base
BELOW_merge   := merge base
BELOW_store   := store base
BELOW_source  := source merge clock base
BELOW_launch  := launch base
BELOW_model   := model store base
BELOW_import  := import model source store merge clock base
BELOW_export  := export model store base
BELOW_session := session launch model source store merge clock base
BELOW_cmd     := $(TRACER_LAYERS)
BELOW_tui     := tui $(TRACER_LAYERS)

TEST_CFLAGS = $(IMPORT_CFLAGS) $(CFLAGS_CMOCKA) $(CFLAGS_VTERM) $(CFLAGS_ZSTD) $(CFLAGS_XXHASH) $(CFLAGS_JSON) $(CFLAGS_LIBBPF) -Wno-missing-prototypes
TEST_LIBS   = $(LIBS_CMOCKA) $(LIBS_VTERM) $(LIBS_ALL)

define unit_test
$$(O)/tests/unit/$(1): tests/unit/$(1).c $$(call A,$$(BELOW_$(firstword $(subst _, ,$(1)))))
	@mkdir -p $$(@D)
	$$(call say,TEST,$$@)
	$$(Q)$$(CC) $$(OURS) $$(TEST_CFLAGS) $$(LDFLAGS) -MMD -MP -MF $$@.d -o $$@ $$< $$(filter %.a,$$^) $$(TEST_LIBS)
UNIT_BIN += $$(O)/tests/unit/$(1)
endef
$(foreach t,$(patsubst tests/unit/%.c,%,$(UNIT_SRC)),$(eval $(call unit_test,$(t))))
# This one stands between the runtime and libc.
comma_wraps = $(foreach f,$(1),-Wl$(comma)--wrap=$(f))
$(O)/tests/unit/runtime_faults: LDFLAGS += $(call comma_wraps,malloc calloc realloc aligned_alloc free \
	mmap munmap mprotect madvise epoll_create1 epoll_ctl eventfd pthread_create preadv2 pwritev2 \
	sigaction syscall)
# This one counts what a key does.
$(O)/tests/unit/tui_work: LDFLAGS += $(call comma_wraps,gtv_names_get gtv_names_label gtv_window_pieces gtv_store_read \
	gtv_attr_lane gtv_model_feed)

# Everything else links all of gtviz except its main, and may run ./gtviz.
FULL_LINK = $(call A,tui $(TRACER_LAYERS) runtime)
define full_test
$$(O)/$(patsubst %.c,%,$(1)): $(1) $$(FULL_LINK)
	@mkdir -p $$(@D)
	$$(call say,TEST,$$@)
	$$(Q)$$(CC) $$(OURS) $$(TEST_CFLAGS) $$(LDFLAGS) -MMD -MP -MF $$@.d -o $$@ $$< $$(filter %.a,$$^) $$(TEST_LIBS)
endef
$(foreach t,$(FULL_SRC) $(BENCH_SRC),$(eval $(call full_test,$(t))))
FULL_BIN  := $(patsubst %.c,$(O)/%,$(FULL_SRC))
BENCH_BIN := $(patsubst %.c,$(O)/%,$(BENCH_SRC))

# Tools sit directly in $(O)/tests: tracegen is used from outside.
define tool
$$(O)/tests/$(notdir $(patsubst %.c,%,$(1))): $(1) $$(FULL_LINK)
	@mkdir -p $$(@D)
	$$(call say,TOOL,$$@)
	$$(Q)$$(CC) $$(OURS) $$(TEST_CFLAGS) $$(LDFLAGS) -MMD -MP -MF $$@.d -o $$@ $$< $$(filter %.a,$$^) $$(TEST_LIBS)
endef
$(foreach t,$(TOOL_SRC),$(eval $(call tool,$(t))))
TOOL_BIN := $(patsubst tests/tools/%.c,$(O)/tests/%,$(TOOL_SRC))

build-tests: all $(UNIT_BIN) $(FULL_BIN) $(TOOL_BIN)
unit-tests: $(UNIT_BIN)
.PHONY: build-tests unit-tests

# ---- make check ----------------------------------------------------------------
# Set-up, builds and every test; whatever does not build is counted as a failure.

SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))
TEST_ENV = O='$(abspath $(O))' GTVIZ='$(abspath $(O))/gtviz' SAMPLES='$(abspath $(O))/samples' \
	TOOLS='$(abspath $(O))/tests' CC='$(CC)' CLANG='$(CLANG)'

# Where several threads share memory. (All objects must be instrumented.)
TSAN_UNITS := $(filter runtime_% store_file% source_% session_% tui_asking,$(patsubst tests/unit/%.c,%,$(UNIT_SRC)))
# Thread sanitizer fails on kernels that randomise more than it allows for.
UNRANDOM = $(if $(shell setarch -R true 2>/dev/null && echo y),setarch -R)
FUZZ_SRC := $(wildcard tests/fuzz/*.c)
FUZZ_NAMES := $(patsubst tests/fuzz/%.c,%,$(FUZZ_SRC))

check:
	$(Q)CC='$(CC)' sh mk/setup.sh check
	-$(Q)$(SUBMAKE) -k build-tests
	-$(Q)$(SUBMAKE) -k O=$(O)/asan SAN=address,undefined unit-tests fuzz-replays
	-$(Q)$(SUBMAKE) -k O=$(O)/tsan SAN=thread tsan-tests
	$(Q)$(MAKE) --no-print-directory run-tests

# Only what hangs should ever meet it: a busy machine takes many times what a quiet one does.
T := 900

tsan-tests: $(patsubst %,$(O)/tests/unit/%,$(TSAN_UNITS))

run-tests:
	$(Q)$(TEST_ENV) sh tests/run.sh -l $(O)/tests/log \
		-s lint -t $(T) -j $(JOBS) $(wildcard tests/lint/*.sh) \
		-s unit -t $(T) -j $(JOBS) $(UNIT_BIN) \
		-s golden -t $(T) $(filter $(O)/tests/golden/%,$(FULL_BIN)) \
		-s kernel -t $(T) $(filter $(O)/tests/kernel/%,$(FULL_BIN)) $(wildcard tests/kernel/*.sh) \
		-s cross -t $(T) -j $(JOBS) $(wildcard tests/cross/*.sh) \
		-s e2e -t $(T) $(filter $(O)/tests/e2e/%,$(FULL_BIN)) $(wildcard tests/e2e/*.sh) \
		-s asan -t $(T) -j $(JOBS) $(patsubst tests/unit/%.c,$(O)/asan/tests/unit/%,$(UNIT_SRC)) \
		$(foreach f,$(FUZZ_NAMES),-s fuzz -a '$(wildcard tests/fuzz/corpus/$(f)/*)' \
			$(O)/asan/tests/fuzz/$(f)) \
		-s tsan -t $(T) -j $(JOBS) -w '$(UNRANDOM)' $(patsubst %,$(O)/tsan/tests/unit/%,$(TSAN_UNITS))
.PHONY: check tsan-tests run-tests

# ---- make lint -------------------------------------------------------------------
# The manual page is compared with what gtviz itself says: it is built first.
lint:
	-$(Q)$(SUBMAKE) gtviz-bin
	$(Q)$(TEST_ENV) sh tests/run.sh -l $(O)/lint-log -s lint -t 300 -j $(JOBS) $(wildcard tests/lint/*.sh)
.PHONY: lint

# ---- make bench [ROW=name] -------------------------------------------------------
# Peers need compilers and libraries that nothing else does: one that does not build is
# named as not here.
PEERS := $(O)/tests/bench/peers
PEER_CXX = $(or $(CXX),c++)
$(PEERS)/pthreads: tests/bench/peers/pthreads.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O3 -D_GNU_SOURCE -pthread -o $@ $<
$(PEERS)/boost_fiber: tests/bench/peers/boost_fiber.cpp
	@mkdir -p $(@D)
	$(Q)$(PEER_CXX) -O3 -std=gnu++17 -pthread -o $@ $< -lboost_fiber -lboost_context 2>$@.log || \
		echo 'bench: Boost.Fiber does not build here (libboost-fiber-dev)'
$(PEERS)/go: tests/bench/peers/peer.go
	@mkdir -p $(@D)
	$(Q)GOCACHE='$(abspath $(PEERS))/cache' go build -o $@ $< 2>$@.log || \
		echo 'bench: Go does not build here (golang-go)'
bench: build-bench
	$(Q)$(TEST_ENV) sh tests/bench/run.sh '$(O)/bench.json' '$(ROW)' $(BENCH_BIN)
build-bench: all $(TOOL_BIN) $(BENCH_BIN) $(addprefix $(PEERS)/,pthreads boost_fiber go)
.PHONY: bench build-bench

# ---- make fuzz [FUZZ_SECONDS=60] -------------------------------------------------
# tests/fuzz/X.c has LLVMFuzzerTestOneInput, and unless GTV_LIBFUZZER is defined a
# main that replays the files it is given. `make check` replays the corpus.
FUZZ_SECONDS ?= 60
define fuzz_replay
$$(O)/tests/fuzz/$(1): tests/fuzz/$(1).c $$(FULL_LINK)
	@mkdir -p $$(@D)
	$$(call say,TEST,$$@)
	$$(Q)$$(CC) $$(OURS) $$(TEST_CFLAGS) $$(LDFLAGS) -MMD -MP -MF $$@.d -o $$@ $$< $$(filter %.a,$$^) $$(TEST_LIBS)
$$(O)/fuzz/$(1): tests/fuzz/$(1).c $$(FULL_LINK)
	@mkdir -p $$(@D)
	$$(call say,FUZZ,$$@)
	$$(Q)$$(CC) $$(OURS) $$(TEST_CFLAGS) -DGTV_LIBFUZZER=1 -fsanitize=fuzzer -o $$@ $$< $$(filter %.a,$$^) $$(TEST_LIBS)
endef
$(foreach f,$(FUZZ_NAMES),$(eval $(call fuzz_replay,$(f))))
fuzz-replays: $(patsubst %,$(O)/tests/fuzz/%,$(FUZZ_NAMES))
fuzz-programs: $(patsubst %,$(O)/fuzz/%,$(FUZZ_NAMES))
fuzz:
	$(Q)MAKE='$(MAKE)' CLANG='$(CLANG)' O='$(O)' FUZZ_SECONDS='$(FUZZ_SECONDS)' sh tests/fuzz/run.sh $(FUZZ_NAMES)
.PHONY: fuzz fuzz-replays fuzz-programs

# ---- make coverage -----------------------------------------------------------------
coverage:
	-$(Q)$(SUBMAKE) -k O=$(O)/cov COV=1 build-tests
	$(Q)$(MAKE) --no-print-directory O=$(O)/cov COV=1 run-coverage
run-coverage:
	-$(Q)$(TEST_ENV) sh tests/run.sh -l $(O)/tests/log -s unit $(UNIT_BIN) -s golden $(filter $(O)/tests/golden/%,$(FULL_BIN))
	$(Q)sh tests/coverage.sh $(O)
.PHONY: coverage run-coverage

# ---- make soak [SOAK_SECONDS=600] --------------------------------------------------
# An hour of virtual time of random operations, whatever that takes; then real runs.
SOAK_SECONDS ?= 600
RECORD_SECONDS ?= 1800
# Of a recorder, of its program, of both; and of streams.
STREAM_KILLS ?= 200
RATE ?= 1000000
CLOCK_SECONDS ?= 60
soak: all $(TOOL_BIN) $(O)/tests/kernel/clock $(O)/tests/kernel/kill $(O)/tests/unit/runtime_model $(O)/tests/unit/runtime_soak $(O)/tests/e2e/talk_played
	$(Q)$(SUBMAKE) O=$(O)/asan SAN=address,undefined $(O)/asan/tests/unit/tui_fuzz
	$(Q)FUZZ_KEYS=1000000 $(O)/asan/tests/unit/tui_fuzz
	$(Q)$(TEST_ENV) SOAK_SECONDS='$(SOAK_SECONDS)' sh tests/soak.sh
	$(Q)$(TEST_ENV) CLOCK_SECONDS='$(CLOCK_SECONDS)' $(O)/tests/kernel/clock soak
	$(Q)$(TEST_ENV) GTV_TEST_KILLS='$(STREAM_KILLS)' $(O)/tests/kernel/kill
	$(Q)$(TEST_ENV) GTV_TEST_STREAM_KILLS='$(STREAM_KILLS)' sh tests/kernel/kill_stream.sh
	$(Q)$(TEST_ENV) RECORD_SECONDS='$(RECORD_SECONDS)' RATE='$(RATE)' sh tests/soak_record.sh
	$(Q)$(TEST_ENV) TALK_LIVE=1 $(O)/tests/e2e/talk_played
.PHONY: soak
