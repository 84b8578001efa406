# SPDX-License-Identifier: BSD-3-Clause
# The only makefile. `make help` lists the targets; FLAVOR picks flags and build/FLAVOR/.
#
# Sources are found by wildcard, so a new file needs no edit here. Every compile and link writes
# to a temporary name and renames, so that two makes in one tree never see half a file. A change
# of flags, compiler or file list rebuilds what depends on it (the .stamp-* files). ARGS='...'
# goes to the command that a target ends in: make conform ARGS=--help. FLOORS='base arch' leaves
# the other folders of reference/src out: make build/opt/unit/base_test FLOORS='base arch os'.
#
#   opt gcc -O2 | debug assertions | asan address+undefined | tsan races of the runtime itself
#   racecheck races of programs: drivers and stress instrumented, the runtime not
#   mutant switchable bugs | cov line coverage | fuzz libFuzzer targets with asan
FLAVOR ?= opt
HOST_ARCH := $(shell uname -m)
ARCH ?= $(HOST_ARCH)
BUILD ?= build
RUNTIME ?= reference
BUDGET ?= 5m
JOBS ?= 2
FLOORS ?= *
PYTHON ?= /usr/bin/python3
GAUNTLET := $(PYTHON) conformance/gauntlet

FLAVORS := opt debug asan tsan racecheck mutant cov fuzz
$(if $(filter $(FLAVOR),$(FLAVORS)),,$(error FLAVOR=$(FLAVOR): pick one of $(FLAVORS)))
NATIVE := $(filter $(ARCH),$(HOST_ARCH))
$(if $(NATIVE)$(filter $(FLAVOR),opt debug mutant),,$(error \
  ARCH=$(ARCH) FLAVOR=$(FLAVOR): a cross build is one of opt, debug, mutant))
B := $(BUILD)/$(FLAVOR)$(if $(NATIVE),,-$(ARCH))

# Tools and flags. SAN_* instruments; reference/src is spared in flavour racecheck.
CROSS := $(if $(NATIVE),,$(ARCH)-linux-gnu-)
ifeq ($(origin CC),default)
CC := $(CROSS)$(if $(filter $(FLAVOR),asan tsan racecheck fuzz),clang,gcc)
endif
RUN_ON := $(if $(NATIVE),,qemu-$(ARCH))
UBSAN := -fsanitize=undefined -fno-sanitize-recover=all
OPT_opt := -O2
OPT_debug := -Og -DGR_DEBUG_CHECKS=1
OPT_asan := -O1 -DGR_DEBUG_CHECKS=1 -DGR_ASAN=1
SAN_asan := -fsanitize=address $(UBSAN)
OPT_tsan := -O1 -DGR_DEBUG_CHECKS=1 -DGR_TSAN=1
SAN_tsan := -fsanitize=thread
OPT_racecheck := -O1 -DGR_RACECHECK=1
SAN_racecheck := -fsanitize=thread
# libc's own are watched whoever calls them: the runtime has others there, in arch/race.c.
UNWATCHED := $(if $(filter racecheck,$(FLAVOR)),\
  $(foreach f,memcpy memmove memset mmap malloc aligned_alloc realloc free,--redefine-sym $(f)=san_$(f)))
OPT_mutant := -O1 -DGR_MUTANTS=1
OPT_cov := -O1 -DGR_DEBUG_CHECKS=1
SAN_cov := --coverage -fprofile-update=atomic
OPT_fuzz := -O1 -DGR_DEBUG_CHECKS=1 -DGR_ASAN=1 -DGR_MUTANTS=1 -DGAUNTLET_NO_MAIN=1
SAN_fuzz := -fsanitize=fuzzer-no-link,address $(UBSAN)
SAN_ON := $(SAN_$(FLAVOR))
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Werror
# -fno-plt: a stub of the linker's is no part of gr_text, so a goroutine that is in one, called by
# the runtime with a lock held, would be frozen as if it were in the program (sched/freeze.c).
CFLAGS := -std=gnu11 -g $(OPT_$(FLAVOR)) $(WARN) -pthread -fno-omit-frame-pointer \
  -mno-omit-leaf-frame-pointer -fstack-clash-protection -fno-plt \
  $(if $(filter aarch64,$(ARCH)),-mno-outline-atomics) $(EXTRA)
LDFLAGS := -pthread $(SAN_ON) $(if $(NATIVE),,-static)

# Sources by owner. A file named *_ARCH.c or *_ARCH.S belongs to that processor alone.
find = $(sort $(wildcard $(1)))
objects = $(patsubst %,$(B)/o/%.o,$(basename $(1)))
OTHER_ARCH := $(filter-out $(ARCH),x86_64 aarch64 riscv64)
GR_SRC := $(filter-out $(foreach a,$(OTHER_ARCH),%_$(a).c %_$(a).S),$(call find,\
  $(foreach f,$(FLOORS),reference/src/$(f)/*.c reference/src/$(f)/*.S)))
LIT_SRC := $(filter-out spec/lit/main.c,$(call find,spec/lit/*.c spec/lit/model/*.c))
KIT_SRC := $(call find,conformance/drivers/c/kit/*.c)
OPS_SRC := $(call find,conformance/drivers/c/gr_ops*.c)
TOY_SRC := $(call find,conformance/drivers/c/toy_ops*.c)
GO_SRC := $(call find,conformance/drivers/go/*.go conformance/drivers/go/go.mod)
GO_BENCH_SRC := $(call find,stress/bench/go/*.go stress/bench/go/go.mod)
UNIT_SRC := $(call find,reference/unit/*.c spec/unit/*.c)
TEST_SRC := $(filter %_test.c,$(UNIT_SRC))
FUZZ_SRC := $(call find,fuzz/*.c)
PROGRAM_SRC := $(call find,conformance/programs/*/*.c)
GO_PROGRAM_SRC := $(call find,conformance/programs/*.go conformance/programs/*/*.go)
# A Go file without a text of expectations is shared by the programs of its area, or by all.
GO_PROGRAM_NAMES := $(patsubst conformance/programs/%.go,%,$(filter $(patsubst %.toml,%.go,\
  $(call find,conformance/programs/*/*.toml)),$(GO_PROGRAM_SRC)))
GO_PROGRAM_SHARED := $(filter-out $(GO_PROGRAM_NAMES:%=conformance/programs/%.go),$(GO_PROGRAM_SRC))

GR_OBJ := $(call objects,$(GR_SRC))
LIT_OBJ := $(call objects,$(LIT_SRC))
KIT_OBJ := $(call objects,$(KIT_SRC))
OPS_OBJ := $(call objects,$(OPS_SRC))
unit_lib = $(call objects,$(filter $(1)/unit/%,$(filter-out $(TEST_SRC),$(UNIT_SRC))))
FUZZ_LIB := $(call objects,$(filter-out fuzz/fuzz_%,$(FUZZ_SRC)))
LIBGR := $(if $(GR_SRC),$(B)/libgr.a)
LIBLIT := $(if $(LIT_SRC),$(B)/liblit.a)
LIT := $(if $(wildcard spec/lit/main.c),$(B)/lit)
DRIVERS := $(if $(and $(KIT_SRC),$(OPS_SRC),$(GR_SRC)),$(B)/driver-gr) \
  $(if $(and $(KIT_SRC),$(TOY_SRC)),$(B)/driver-toy)
GR_UNITS := $(patsubst reference/%.c,$(B)/%,$(filter reference/%,$(TEST_SRC)))
LIT_UNITS := $(patsubst spec/%.c,$(B)/%,$(filter spec/%,$(TEST_SRC)))
UNITS := $(GR_UNITS) $(LIT_UNITS)
STRESSES := $(patsubst %.c,$(B)/%,$(call find,stress/*.c))
BENCHES := $(patsubst stress/%.c,$(B)/%,$(call find,stress/bench/*.c))
PROGRAMS := $(patsubst conformance/%.c,$(B)/%,$(PROGRAM_SRC))
# Other libraries beside which the benchmarks are run, where they are installed.
HAS_fiber := $(wildcard /usr/include/boost/fiber/all.hpp)
HAS_boehm := $(wildcard /usr/include/gc/gc.h)
HAS_tbb := $(wildcard /usr/include/tbb/task_group.h)
PEERS := $(if $(shell command -v $(CXX)),$(foreach p,$(basename $(notdir $(call find,\
  stress/bench/peers/*.cpp))),$(if $(HAS_$(p)),$(B)/bench/peer-$(p))))
FUZZERS := $(patsubst fuzz/%.c,$(B)/%,$(filter fuzz/fuzz_%,$(FUZZ_SRC)))
GO_DRIVERS := $(if $(GO_SRC),$(addprefix $(BUILD)/go/driver,-faketime -race) $(BUILD)/go/driver)
GO_BENCHES := $(if $(GO_BENCH_SRC),$(BUILD)/go/bench)
GO_PROGRAMS := $(if $(GO_PROGRAM_SRC),$(BUILD)/go/programs/.built)
$(if $(filter $(words $(UNITS)),$(words $(sort $(UNITS)))),,$(error \
  reference/unit and spec/unit hold two tests of one name: rename one))

.PHONY: all setup browser conform check stress soak fuzz mutants bench report unit format help clean \
  tools units programs stresses benches fuzzers go lint FORCE
.DELETE_ON_ERROR:
.SECONDARY:
ALL_opt := tools units programs stresses benches
ALL_asan := tools units programs stresses
ALL_tsan := tools units programs stresses
ALL_fuzz := fuzzers
all: $(or $(ALL_$(FLAVOR)),tools units stresses) ## build this FLAVOR
tools: $(LIT) $(LIBLIT) $(LIBGR) $(DRIVERS) ## lit, the libraries and the C drivers
units: $(UNITS)
programs: $(PROGRAMS) ## the whole programs of conformance/programs, in C
stresses: $(STRESSES)
benches: $(BENCHES) $(if $(NATIVE),$(PEERS))
fuzzers: $(FUZZERS)
go: $(GO_DRIVERS) $(GO_BENCHES) $(GO_PROGRAMS) ## the Go driver (plain, race detector, fake time), programs, benchmark

# Compiling. Include paths follow the owner of the file; arch/san.c is never instrumented.
# The runtime's code lives in section gr_text, so that "is this PC ours?" is one comparison.
say = $(if $(V),,@echo '  $(1)  $@';) mkdir -p $(@D);
keep = && mv -f $@.$$$$ $@ && rm -rf $@.$$$$.* || { rm -rf $@.$$$$*; exit 1; }
compile = $(call say,CC) $(CC) $(CFLAGS) $(SAN) $(INC) -MMD -MP -MT $@ -MF $@.$$$$.d -c $< \
  -o $@.$$$$ $(FINISH) && mv -f $@.$$$$.d $(@:.o=.d) $(keep)
$(B)/o/%: SAN := $(SAN_ON)
$(B)/o/reference/% $(B)/o/spec/%: SAN := $(if $(filter racecheck,$(FLAVOR)),,$(SAN_ON))
$(B)/o/reference/src/arch/san.o: SAN :=
ifeq ($(FLAVOR),fuzz) # nothing in the model is worth steering by, and tracing it halves the speed
$(B)/o/spec/lit/model/%: SAN := -fsanitize=address $(UBSAN)
endif
$(B)/o/reference/%: INC := -Ireference/include -Ireference/src -Ireference/unit
$(B)/o/spec/%: INC := -Ispec/lit
$(B)/o/conformance/%: INC := -Ireference/include -Iconformance/drivers/c/kit
$(B)/o/conformance/programs/%: INC := -Ireference/include -Iconformance/programs
$(B)/o/stress/%: INC := -Ireference/include -Istress
$(B)/o/stress/bench/%: INC := -Ireference/include -Istress -Ispec/lit
$(B)/o/fuzz/%: INC := -Ireference/include -Ispec/lit -Iconformance/drivers/c/kit -Ifuzz
$(B)/o/fuzz/fuzz_pace.o: INC += -Ireference/src
$(B)/o/reference/src/%: FINISH = && $(CROSS)objcopy $(foreach s,.text .text.unlikely \
  .text.startup .text.hot .text.exit,--rename-section $(s)=gr_text) $(UNWATCHED) $@.$$$$
$(B)/o/reference/src/arch/race.o: UNWATCHED :=
$(B)/o/%.o: %.c $(B)/.stamp-flags
	$(compile)
$(B)/o/%.o: %.S $(B)/.stamp-flags
	$(compile)

$(B)/.stamp-flags: LIST = $(CC) $(CFLAGS) $(LDFLAGS) $(UNWATCHED)
$(B)/.stamp-gr: LIST = $(GR_SRC)
$(B)/.stamp-lit: LIST = $(LIT_SRC)
$(B)/.stamp-kit: LIST = $(KIT_SRC) $(OPS_SRC) $(TOY_SRC) $(UNIT_SRC) $(FUZZ_SRC)
$(BUILD)/go/.stamp: LIST = $(GO_SRC) $(shell $(GO) version)
$(BUILD)/go/.stamp-programs: LIST = $(GO_PROGRAM_SRC)
$(addprefix $(B)/.stamp-,flags gr lit kit) $(BUILD)/go/.stamp $(BUILD)/go/.stamp-programs: FORCE
	@mkdir -p $(@D); echo '$(LIST)' | cmp -s - $@ || echo '$(LIST)' >$@

# Libraries and programs. libgr.a holds one object in which only the names gr_* are global (and
# what the sanitizers' start-up code must share); unit tests link the objects themselves.
KEEP := $(foreach n,gr_* ___asan* asan.* __odr_asan* __lsan_is_turned_off sancov.* __sancov*,--keep-global-symbol='$n')
$(B)/libgr.a: $(GR_OBJ) $(B)/.stamp-gr
	$(call say,AR) mkdir -p $@.$$$$.d && $(CROSS)ld -r -o $@.$$$$.d/libgr.o $(GR_OBJ) && \
	  $(CROSS)objcopy --wildcard $(KEEP) $@.$$$$.d/libgr.o && \
	  $(CROSS)ar rcs $@.$$$$ $@.$$$$.d/libgr.o $(keep)
$(B)/liblit.a: $(LIT_OBJ) $(B)/.stamp-lit
	$(call say,AR) $(CROSS)ar rcs $@.$$$$ $(LIT_OBJ) $(keep)
link = $(call say,LD) $(CC) $(CFLAGS) $(LDFLAGS) -o $@.$$$$ $(filter %.o %.a,$^) -lm $(keep)
$(B)/lit: $(B)/o/spec/lit/main.o $(LIBLIT)
	$(link)
$(B)/driver-gr: $(KIT_OBJ) $(OPS_OBJ) $(LIBGR) $(B)/.stamp-kit
	$(link)
$(B)/driver-toy: $(KIT_OBJ) $(call objects,$(TOY_SRC)) $(B)/.stamp-kit
	$(link)
$(GR_UNITS): $(B)/%: $(B)/o/reference/%.o $(call unit_lib,reference) $(GR_OBJ) \
  $(B)/.stamp-gr $(B)/.stamp-kit
	$(link)
$(LIT_UNITS): $(B)/%: $(B)/o/spec/%.o $(call unit_lib,spec) $(LIBLIT)
	$(link)
$(PROGRAMS): $(B)/%: $(B)/o/conformance/%.o $(LIBGR)
	$(link)
$(STRESSES): $(B)/%: $(B)/o/%.o $(LIBGR)
	$(link)
$(BENCHES): $(B)/%: $(B)/o/stress/%.o $(LIBGR) $(LIBLIT)
	$(link)
$(B)/bench/peer-fiber: PEER_LIBS := -lboost_fiber -lboost_context
$(B)/bench/peer-boehm: PEER_LIBS := -lgc
$(B)/bench/peer-tbb: PEER_LIBS := -ltbb
$(B)/bench/peer-%: stress/bench/peers/%.cpp stress/bench/peers/peer.hpp
	$(call say,C++) $(CXX) -std=c++17 -O2 -pthread -o $@.$$$$ $< $(PEER_LIBS) $(keep)
$(FUZZERS): LDFLAGS += -fsanitize=fuzzer
$(B)/fuzz_pace: $(B)/o/reference/src/gc/pace.o
$(FUZZERS): $(B)/%: $(B)/o/fuzz/%.o $(FUZZ_LIB) $(KIT_OBJ) $(OPS_OBJ) $(LIBLIT) $(LIBGR)
	$(link)
-include $(shell find $(B)/o -name '*.d' 2>/dev/null)

# Go: the newest on PATH, else Debian's. The driver is one directory, three builds of it.
GO ?= $(firstword $(shell command -v go) $(wildcard /usr/lib/go-*/bin/go))
$(BUILD)/go/driver-race: GO_AS := CGO_ENABLED=1 $(GO) build -race
$(BUILD)/go/driver-faketime: GO_AS := CGO_ENABLED=0 $(GO) build -tags faketime
$(BUILD)/go/driver: GO_AS := CGO_ENABLED=0 $(GO) build
$(BUILD)/go/bench: GO_AS := CGO_ENABLED=0 $(GO) build
$(BUILD)/go/bench: GO_DIR := stress/bench/go
$(GO_BENCHES): $(GO_BENCH_SRC)
$(GO_DRIVERS): GO_DIR := conformance/drivers/go
$(GO_DRIVERS): $(GO_SRC)
$(GO_DRIVERS) $(GO_BENCHES): $(BUILD)/go/.stamp
	$(call say,GO) cd $(GO_DIR) && GOTOOLCHAIN=local GO111MODULE=on \
	  GOFLAGS='-mod=mod -trimpath' $(GO_AS) -o $(abspath $@) .

# Whole programs in Go: a file AREA/NAME.go is a package of its own, AREA.NAME, with the files that it
# shares with others; one command builds all.
$(GO_PROGRAMS): $(GO_PROGRAM_SRC) $(BUILD)/go/.stamp $(BUILD)/go/.stamp-programs
	$(call say,GO) t=$(@D).$$$$; mkdir -p $$t/src $$t/bin && \
	  printf 'module gauntlet/programs\n\ngo 1.19\n' >$$t/src/go.mod && \
	  for f in $(GO_PROGRAM_NAMES); do \
	    d=$$t/src/$${f%/*}.$${f#*/}; mkdir $$d && cp conformance/programs/$$f.go $$d/main.go || exit 1; \
	    for s in $(GO_PROGRAM_SHARED); do case $$s in conformance/programs/*/*) \
	      [ $${s%/*} = conformance/programs/$${f%/*} ] || continue;; esac; cp $$s $$d/ || exit 1; done; \
	  done && \
	  (cd $$t/src && GOTOOLCHAIN=local GO111MODULE=on CGO_ENABLED=0 GOFLAGS=-trimpath \
	    $(GO) build -ldflags='-s -w' -o ../bin/ ./...) && \
	  rm -rf $(@D) && mv $$t/bin $(@D) && touch $@ && rm -rf $$t || { rm -rf $$t; exit 1; }

# Doing things. Each builds what it needs, in the flavours that it needs.
MORE := +@$(MAKE) --no-print-directory -j$(JOBS)
NEED_debug := units
NEED_racecheck := tools stresses
NEED_mutant := tools programs stresses
build-%:
	+@$(MAKE) --no-print-directory FLAVOR=$* $(or $(NEED_$*),all)
build-aarch64:
	+@$(MAKE) --no-print-directory FLAVOR=opt ARCH=aarch64 units tools
setup: ## install what is missing (Debian packages); BROWSER=1 adds a headless browser
	@BROWSER=$(BROWSER) ci/setup.sh
browser: ## setup, with the browser that the test of the HTML report uses
	@BROWSER=1 ci/setup.sh
conform: setup ## the main job: the whole corpus on one RUNTIME=reference|go|go-race|toy
	$(MORE) FLAVOR=opt tools programs $(if $(filter go%,$(RUNTIME)),go)
	$(GAUNTLET) run --runtime $(RUNTIME) $(ARGS)
check: setup ## the project's own tests; ends with pytest's closing line
	$(MORE) $(addprefix build-,opt debug asan tsan racecheck mutant fuzz aarch64) go
	@$(PYTHON) -m pytest -n $(JOBS) conformance $(ARGS)
stress: setup ## long seeded runs, plain and under the sanitizers, for BUDGET=5m
	$(MORE) $(addprefix build-,opt asan tsan racecheck)
	$(GAUNTLET) stress --budget $(BUDGET) $(ARGS)
soak: setup ## one mixed load with accounts for BUDGET=30m
	$(MORE) build-opt
	$(GAUNTLET) soak --budget $(BUDGET) $(ARGS)
fuzz: setup ## libFuzzer targets for BUDGET=5m, all or TARGET=fuzz_lit
	$(MORE) build-opt build-fuzz
	$(GAUNTLET) fuzz --budget $(BUDGET) $(if $(TARGET),--target $(TARGET)) $(ARGS)
mutants: setup ## every mutant of the runtime against the suite
	$(MORE) build-opt build-mutant go
	$(GAUNTLET) mutants $(ARGS)
bench: setup ## reference and Go side by side
	$(MORE) build-opt go
	$(GAUNTLET) bench $(ARGS)
report: ## HTML and JUnit from the last results
	$(GAUNTLET) report $(ARGS)
unit: units ## build and run the unit tests of this FLAVOR (and ARCH, by qemu)
	@bad=0; for u in $(UNITS); do echo "== $$u"; $(RUN_ON) $$u || { bad=1; \
	  echo "again: make $$u FLAVOR=$(FLAVOR) ARCH=$(ARCH) && $(RUN_ON) $$u"; }; done; exit $$bad
lint: ## layers, style and clauses
	@for c in ci/check_*.py; do $(PYTHON) $$c || exit 1; done
format: ## wrap long comments and clang-format every C file in place
	@$(PYTHON) ci/wrap_comments.py $$(git ls-files '*.c' '*.h' '*.def')
	clang-format -i $$(git ls-files '*.c' '*.h')
clean: ## remove build/
	rm -rf $(BUILD)
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12
