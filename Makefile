# gtviz: an oscilloscope for schedulers, in a terminal. `make help` lists the targets.
#
#   O=DIR     build into DIR instead of build     V=1  show the commands
#   SAN=address,undefined | thread                COV=1  measure coverage
#   CC=…      gcc or clang                        NO_BPF=1 leave the kernel part out
#   REPLAY_ONLY=1  a viewer: replay, report, shot… of what others recorded

O      ?= build
PREFIX ?= /usr/local
CLANG  ?= clang
ifeq ($(origin CC),default)
CC := cc
endif
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
JOBS := $(shell nproc 2>/dev/null || echo 2)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

VERSION := 0.1

all: gtviz-bin $(if $(REPLAY_ONLY),,lib samples)

include mk/config.mk
include mk/build.mk
include mk/pages.mk
include mk/check.mk
include mk/install.mk
include mk/package.mk

.PHONY: all gtviz-bin lib samples
