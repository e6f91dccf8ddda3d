# How things are built: one archive a folder, linked in the order of the layers.

OURS := $(CFLAGS_BASE) $(CFLAGS)

# REPLAY_ONLY=1: a gtviz that shows, reports and exports what others recorded. Of the layers
# that it has, these files are the recorder's, and those stand in for them.
RECORDERS := tracer/launch/adopt.c tracer/launch/child.c tracer/launch/inherit.c tracer/launch/launch.c \
	tracer/launch/privileges.c tracer/launch/output_as.c \
	tracer/cmd/record.c tracer/cmd/import.c tracer/cmd/doctor.c tracer/cmd/doctor_uring.c tui/app/live.c \
	tui/app/talk_run.c tui/app/talk_notes.c
VIEWERS := tracer/launch/viewer.c tracer/cmd/viewer.c tui/app/viewer.c tui/app/talk_viewer.c
LEFT_OUT := $(if $(REPLAY_ONLY),$(RECORDERS),$(VIEWERS))

# layer NAME DIRS EXTRA_CFLAGS: every .c and .S of DIRS (two may have a file of one name) into $(O)/lib/NAME.a
define layer
SRC_$(1) := $$(filter-out $$(LEFT_OUT),$$(sort $$(wildcard $(addsuffix /*.c,$(2)) $(addsuffix /*.S,$(2)))))
OBJ_$(1) := $$(patsubst %,$$(O)/obj/%.o,$$(SRC_$(1)))
$$(OBJ_$(1)): LAYER_CFLAGS := $(3)
$$(O)/lib/$(1).a: $$(OBJ_$(1))
	@mkdir -p $$(@D)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar qcs $$@ $$^
endef

STORE_CFLAGS  = $(CFLAGS_ZSTD) $(CFLAGS_XXHASH)
# Libraries' headers are not held to our warnings.
IMPORT_CFLAGS = $(patsubst -I%,-isystem%,$(CFLAGS_ZSTD) $(CFLAGS_TRACEEVENT) $(CFLAGS_TRACECMD) $(CFLAGS_BABELTRACE))
SOURCE_CFLAGS = $(if $(HAVE_BPF),$(CFLAGS_LIBBPF) -DGTV_HAVE_BPF=1 -I$(O)/bpf)

# What handles each event in turn: the same holds there.
BY_FIELD := -fno-tree-slp-vectorize $(NO_STORE_MERGING)

# Frame pointers: gt_dump walks stacks by them. Counters and the fields of events are
# written one by one and read back at once: joined in wide registers they would stall.
RUNTIME_DIRS := $(addprefix runtime/,core policy sync io os sim)
$(eval $(call layer,runtime,$(RUNTIME_DIRS),-fno-omit-frame-pointer -fno-tree-slp-vectorize))
# The runtime's code has a section of its own: preemption by signal tells it from the
# program's (runtime/os/preempt_text.c).
OBJCOPY := $(shell $(CC) -print-prog-name=objcopy)
$(OBJ_runtime): AFTER_CC = && $(OBJCOPY) $(foreach s,.text .text.unlikely .text.startup .text.hot,--rename-section $(s)=gt_text) $@

$(eval $(call layer,base,tracer/base,))
$(eval $(call layer,clock,tracer/clock,))
$(eval $(call layer,merge,tracer/merge,$$(BY_FIELD)))
$(eval $(call layer,store,tracer/store,$$(BY_FIELD) $$(STORE_CFLAGS)))
$(eval $(call layer,source,tracer/source,$$(BY_FIELD) $$(SOURCE_CFLAGS)))
$(eval $(call layer,launch,tracer/launch,$$(CFLAGS_CAP)))
$(eval $(call layer,model,tracer/model,$$(BY_FIELD)))
$(eval $(call layer,import,tracer/import,$$(IMPORT_CFLAGS)))
$(eval $(call layer,export,tracer/export,))
$(eval $(call layer,session,tracer/session,$$(CFLAGS_ELF)))
$(eval $(call layer,cmd,tracer/cmd,$$(CFLAGS_JSON) $$(CFLAGS_CURSES) $$(CFLAGS_ZSTD) $$(CFLAGS_LIBBPF) $$(if $$(HAVE_BPF),-DGTV_HAVE_BPF=1)))
TUI_DIRS := $(addprefix tui/,app view trace term scene canvas)
$(eval $(call layer,tui,$(TUI_DIRS),$$(CFLAGS_CURSES)))
$(eval $(call layer,main,tui,))

# Which model it is, by what it is made of (tracer/model/model_id.c).
MODEL_MADE_OF := $(sort $(wildcard tracer/model/*.[ch]) tracer/base/event.h tracer/base/event.c)
$(O)/obj/tracer/model/model_id.c.o: LAYER_CFLAGS = -DGTV_MODEL_ID=$(firstword $(shell cat $(MODEL_MADE_OF) | cksum))u
$(O)/obj/tracer/model/model_id.c.o: $(MODEL_MADE_OF)

TRACER_LAYERS := $(if $(REPLAY_ONLY),cmd launch export model store base,cmd session launch import export model source store merge clock base)
A = $(foreach l,$(1),$(O)/lib/$(l).a)
LIBS_ALL = $(LIBS_TRACECMD) $(LIBS_TRACEEVENT) $(LIBS_BABELTRACE) $(LIBS_ZSTD) $(LIBS_XXHASH) $(LIBS_JSON) $(LIBS_CURSES) $(LIBS_CAP) $(LIBS_LIBBPF) $(LIBS_ELF) $(LDLIBS_BASE)

# The answers of the probe are part of the source.
$(O)/obj/%.c.o: %.c $(O)/config.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(OURS) $(LAYER_CFLAGS) -MMD -MP -c $< -o $@ $(AFTER_CC)

$(O)/obj/%.S.o: %.S $(O)/config.mk
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(OURS) -MMD -MP -c $< -o $@

# The kernel part: compiled by clang, embedded as a skeleton. Of the two names that a
# compiler has for the machine, clang's -dumpmachine is no folder of headers.
multiarch = $(or $(shell $(CC) -print-multiarch 2>/dev/null),$(shell $(CC) -dumpmachine))
BPF_SRC := $(wildcard tracer/bpf/*.bpf.c)
BPF_SKEL := $(if $(HAVE_BPF),$(patsubst tracer/bpf/%.bpf.c,$(O)/bpf/%.skel.h,$(BPF_SRC)))
$(O)/bpf/%.bpf.o: tracer/bpf/%.bpf.c $(wildcard tracer/bpf/*.h)
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Werror -I. \
		$(addprefix -I/usr/include/,$(multiarch)) -c $< -o $@
$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name gtv_$*_bpf > $@.tmp && mv $@.tmp $@
$(OBJ_source): $(BPF_SKEL)

# libgt: the runtime, for programs.
lib: $(O)/libgt.a
$(O)/libgt.a: $(OBJ_runtime)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# libgtpreload: plain blocking calls made cooperative. It holds all of the runtime, as
# position-independent code; a program that exports a runtime of its own comes first.
SRC_preload := $(sort $(wildcard runtime/preload/*.c))
# The runtime's own threads stay the system's: its calls go past ours of these names.
WRAP_preload := -Wl,--wrap=pthread_create,--wrap=pthread_join,--wrap=pthread_self
PIC_preload := $(patsubst %,$(O)/pic/%.o,$(SRC_preload) $(SRC_runtime))
$(O)/pic/%.c.o: %.c $(O)/config.mk
	@mkdir -p $(@D)
	$(call say,CC,$< (pic))
	$(Q)$(CC) $(OURS) $(LAYER_CFLAGS) -fPIC -MMD -MP -c $< -o $@
$(O)/pic/%.S.o: %.S $(O)/config.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(OURS) $(LAYER_CFLAGS) -fPIC -MMD -MP -c $< -o $@
ifndef SAN
lib: $(O)/libgtpreload.so
endif
# libc declares socket addresses by transparent unions, which ISO C does not know.
$(PIC_preload): LAYER_CFLAGS := -Wno-pedantic
$(O)/libgtpreload.so: $(PIC_preload)
	$(call say,LD,$@)
	$(Q)$(CC) $(OURS) $(LDFLAGS) -shared -Wl,-soname,libgtpreload.so -Wl,-z,nodelete $(WRAP_preload) -o $@ $^ -ldl $(LDLIBS_BASE)

# gtviz itself.
# ./gtviz is a copy of the plain build's, never of an instrumented one.
gtviz-bin: $(O)/gtviz $(if $(filter build build-replay,$(O)),gtviz)
$(O)/gtviz: $(call A,main tui $(TRACER_LAYERS))
	$(call say,LD,$@)
	$(Q)$(CC) $(OURS) $(LDFLAGS) -o $@ $(filter %.a,$^) $(LIBS_ALL)
gtviz: $(O)/gtviz
	$(Q)cp $< $@.tmp && mv $@.tmp $@

# Samples: one file each, gt.h only.
SAMPLES := $(patsubst samples/%.c,$(O)/samples/%,$(wildcard samples/*.c))
samples: $(SAMPLES)
$(O)/samples/%: samples/%.c $(O)/libgt.a
	@mkdir -p $(@D)
	$(call say,SAMPLE,$@)
	$(Q)$(CC) $(OURS) -iquote runtime $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< $(O)/libgt.a $(LDLIBS_BASE)

# For other runtimes: the emit header, with what it includes in it, so that one file is all
# they need; as a library for Python and the like; and an example, built from that file.
EMIT_HEADER := $(O)/include/gtv_emit.h
EMIT_PARTS := $(wildcard runtime/abi/gtv_*.h runtime/gtv_*.h)
samples: $(O)/samples/coroutines $(O)/gtv_emit.so
$(EMIT_HEADER): mk/one-header.sh $(EMIT_PARTS)
	@mkdir -p $(@D)
	$(call say,HEADER,$@)
	$(Q)sh mk/one-header.sh runtime/gtv_emit.h >$@.tmp && mv $@.tmp $@
$(O)/samples/coroutines: samples/emit/coroutines.c $(EMIT_HEADER)
	@mkdir -p $(@D)
	$(call say,SAMPLE,$@)
	$(Q)$(CC) $(OURS) -iquote $(O)/include $(LDFLAGS) -o $@ $< $(LDLIBS_BASE)
$(O)/gtv_emit.so: $(EMIT_HEADER)
	$(call say,LD,$@)
	$(Q)$(CC) $(filter-out -std=%,$(OURS)) $(LDFLAGS) -shared -fPIC -DGTV_EMIT_IMPLEMENTATION -DGTV_EMIT_EXPORT \
		-Wno-missing-prototypes -x c $< -o $@

-include $(shell find $(O)/obj $(O)/pic $(O)/samples $(O)/tests -name '*.d' 2>/dev/null)
