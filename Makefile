# Pointsman. `make help` lists what can be typed; STYLE.md says why the flags are as they are.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# An import that Package.swift does not declare compiles once the sibling has been built: refuse it.
SWIFT_FLAGS := --explicit-target-dependency-import-check error \
  -Xcc -Wall -Xcc -Wextra -Xcc -Werror
# The runtime comes along in the binary, and no register is kept for stack frames (STYLE.md).
RELEASE_FLAGS := -c release $(SWIFT_FLAGS) --static-swift-stdlib --omit-frame-pointers
RELEASE     := .build/release
# Optimized across all rooms at once, which takes minutes: what goes to a server, and is measured.
DIST_FLAGS  := $(RELEASE_FLAGS) --experimental-lto-mode full -Xswiftc -use-ld=lld
SWIFT_DIRS  := Package.swift Sources Tests Benchmarks Simulations Examples

DEMO ?= 1
FOR  ?=
SEED ?=
SEEDS ?= 1000
SIGNALS ?= 10000
CALLS ?= 100000
RELOADS ?= 1000
KILLS ?= 100
KILL_WORKERS ?= 2
MINUTES ?= 10
DATA ?= var

.PHONY: help run test setup build dist check fmt fmt-check sim sim-exhaustive sim-check statistics-check replay-check replay-live fidelity fidelity-check scenarios-accept crossing tidy asan tsan bench bench-check bench-store bench-memory bench-kamailio bench-held bench-lines bench-simpy real-clients kill-check reload-soak dryrun-fidelity dryrun-fidelity-check report-check bench-dryrun captures \
  strategies-check tutorial embed clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | \
	  while IFS=$$'\t' read -r name text; do printf '  make %-18s %s\n' "$$name" "$$text"; done

run: setup build ## serve the sample site with live demo calls (DEMO=0: no calls, FOR=20: seconds)
	@DEMO='$(DEMO)' FOR='$(FOR)' DATA='$(DATA)' Demo/run

test: setup ## run every test
	swift test $(SWIFT_FLAGS) --disable-xctest

setup: ## install the missing packages of packages.txt, check the Swift toolchain
	@.ci/setup

build: setup ## release build
	swift build $(RELEASE_FLAGS)

dist: setup ## the binary for a server, optimized as a whole and by counts of a run: dist/pointsman (minutes)
	.ci/dist $(DIST_FLAGS)

check: fmt-check build strategies-check tutorial embed sim-check replay-check statistics-check fidelity-check dryrun-fidelity-check report-check real-clients bench-check test ## what CI runs

fmt: ## format the Swift files
	swift format --in-place --parallel --recursive $(SWIFT_DIRS)

fmt-check: ## lint the Swift files
	swift format lint --strict --parallel --recursive $(SWIFT_DIRS)

sim: setup ## torment the engine: 1,000 seeds on all cores (SEED=n: one; SEEDS=, SIGNALS=)
	swift build $(RELEASE_FLAGS) --product torment
	$(RELEASE)/torment $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) --signals $(SIGNALS)

sim-exhaustive: setup ## the small world of 3 calls and 2 agents, every interleaving (minutes)
	swift build $(RELEASE_FLAGS) --product torment
	$(RELEASE)/torment --exhaustive --calls 3

sim-check: build ## 20 seeds of the torment and the small world of 2 calls, as CI runs them
	$(RELEASE)/torment --seeds 20 --signals 10000
	$(RELEASE)/torment --exhaustive --calls 2

statistics-check: build ## fold the events of CALLS calls in Python too: the same figures to the digit
	set -o pipefail; $(RELEASE)/torment --events $(CALLS) | Tests/Statistics/recompute.py

replay-check: build ## one journal, three processes: the same bytes
	Simulations/replay-check

replay-live: build ## the demo's calls for MINUTES=10, then the same events in three processes, whole and in parts
	MINUTES='$(MINUTES)' Simulations/replay-live

fidelity: build ## simulate against exact tables and published results: docs/fidelity.md (minutes)
	Simulations/fidelity

fidelity-check: build ## a handful of exact values with fixed seeds, as CI runs them
	Simulations/fidelity --quick

dryrun-fidelity: build ## 100 recordings run with other agents, against simulations of these (minutes)
	Simulations/dryrun-fidelity

dryrun-fidelity-check: build ## eight of these, as CI runs them
	Simulations/dryrun-fidelity --quick

report-check: build ## the page of a dry-run in headless Chromium: search, filter, open a call
	Tests/Report/check.py

bench-dryrun: dist ## CPU per call of a dry-run of a million calls against simulate's
	POINTSMAN=$(CURDIR)/dist/pointsman Benchmarks/dryrun-cost

scenarios-accept: ## rewrite what the scenarios expect; review the difference
	SCENARIOS_ACCEPT=1 swift test $(SWIFT_FLAGS) --disable-xctest --filter ScenarioTests
	git --no-pager diff --stat -- Tests/Scenarios

captures: ## other people's captures through the parser again: docs/sip-captures.md (needs ../shared)
	CAPTURES_ACCEPT=1 swift test $(SWIFT_FLAGS) --disable-xctest --filter ParsedCaptureTests
	git --no-pager diff --stat -- docs/sip-captures.md

crossing: setup ## SIP messages that cross on a bad wire: 10,000 seeds (SEED=n: one, each message; SEEDS=)
	CROSSING_SEEDS='$(if $(filter file,$(origin SEEDS)),10000,$(SEEDS))' CROSSING_SEED='$(SEED)' \
	  swift test $(SWIFT_FLAGS) --disable-xctest --filter CrossingTests

tidy: ## the house rules only: layers, banned words, sizes, papers
	swift test $(SWIFT_FLAGS) --disable-xctest --filter TidyTests

asan: setup ## every test under the address sanitizer
	swift test $(SWIFT_FLAGS) --disable-xctest --sanitize=address --scratch-path .build/asan

tsan: setup ## every test under the thread sanitizer
	swift test $(SWIFT_FLAGS) --disable-xctest --sanitize=thread --scratch-path .build/tsan

bench: build ## print the benchmarks: CPU and allocations, then instructions (a minute)
	$(RELEASE)/Benchmarks
	Benchmarks/instructions

bench-store: dist ## CPU and latency per call with the store and without (needs ../shared/tools)
	POINTSMAN=$(CURDIR)/dist/pointsman Benchmarks/store-cost

bench-memory: build ## bytes per agent and per waiting call, with a million of them (3 GB)
	$(RELEASE)/Benchmarks --memory

bench-kamailio: dist ## our CPU per call against Kamailio's, interleaved (needs ../shared/tools)
	POINTSMAN=$(CURDIR)/dist/pointsman Benchmarks/against-kamailio

bench-held: dist ## 20,000 bridged calls held for a minute: memory per call, and what is left (10 minutes)
	POINTSMAN=$(CURDIR)/dist/pointsman Benchmarks/held-calls

bench-lines: dist ## calls a second with two line threads on two cores against one thread on one (needs ../shared/tools)
	POINTSMAN=$(CURDIR)/dist/pointsman Benchmarks/line-threads

bench-simpy: build dist ## simulated calls per CPU second against SimPy's, and where ours goes
	POINTSMAN=$(CURDIR)/dist/pointsman Benchmarks/against-simpy

real-clients: build ## sipp, baresip, linphone, sipsak and Net::SIP against a running server
	Tests/RealClients/run.py

kill-check: build ## kill -9 KILLS times under 200 calls a second, KILL_WORKERS servers at a time
	KILLS='$(KILLS)' KILL_WORKERS='$(KILL_WORKERS)' Tests/RealClients/run.py survive full_disk

reload-soak: build ## 1,000 reloads while 100 calls a second run (RELOADS=n)
	RELOADS='$(RELOADS)' Tests/RealClients/run.py reload_soak

bench-check: build ## compare the benchmarks with their thresholds
	$(RELEASE)/Benchmarks --check

strategies-check: build ## check the sample strategies and the sample site, and run their tests
	$(RELEASE)/pointsman check strategies --site site.lua
	$(RELEASE)/pointsman test strategies --only-failures --coverage --fail-under 100

tutorial: build ## follow the pages for newcomers from an empty folder: every command prints what they say
	Tests/Tutorial/run

embed: setup ## build and run Examples/Embed, the engine inside another program
	swift run --package-path Examples/Embed $(SWIFT_FLAGS)

clean: ## remove what was built (a server's data in var/ stays)
	rm -rf .build dist Examples/Embed/.build
