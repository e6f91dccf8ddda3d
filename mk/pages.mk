# What is made of gtviz's own tables: a manual page for each command, what completes the
# command line in shells; and what pkg-config tells of the libraries.

COMMAND_TABLE := $(O)/share/table
COMMAND_TEXTS := $(wildcard docs/man/*.mdoc)
COMMAND_PAGES := $(patsubst docs/man/%.mdoc,$(O)/share/gtviz-%.1,$(filter-out docs/man/options.mdoc,$(COMMAND_TEXTS)))
COMPLETIONS   := $(addprefix $(O)/share/completions.,bash zsh fish)

pages: $(COMMAND_PAGES) $(COMPLETIONS)
.PHONY: pages

$(COMMAND_TABLE): $(O)/gtviz $(wildcard samples/talks/*.talk)
	@mkdir -p $(@D)
	$(Q)$(O)/gtviz help --man-options >$@.tmp
	$(Q)for t in $(patsubst samples/talks/%.talk,%,$(wildcard samples/talks/*.talk)); do \
		printf 'value\ttalk\t%s\n' $$t; done >>$@.tmp
	$(Q)mv $@.tmp $@
$(O)/share/gtviz-%.1: $(COMMAND_TABLE) mk/manual.sh $(COMMAND_TEXTS) docs/gtviz.1
	$(call say,PAGE,$@)
	$(Q)sh mk/manual.sh $< $* >$@.tmp && mv $@.tmp $@
$(O)/share/completions.%: $(COMMAND_TABLE) mk/completions.sh docs/gtviz.1
	$(call say,WORDS,$@)
	$(Q)sh mk/completions.sh $* $< >$@.tmp && mv $@.tmp $@
