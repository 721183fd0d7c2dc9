# Stowage's front door: every command people and CI use. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.PHONY: help deps check-deps check-go build release image image-test test unit it monitoring chart e2e conformance conformance-mutations operator-mutations docs lint tidy fmt asan tsan fuzz bench bench-cluster controlplane demo full clean

BUILD ?= build/dev
CTEST := ctest --output-on-failure --no-tests=error
IT_JOBS ?= 3
# Objects are shared between clones: paths inside the checkout do not count for ccache.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export CCACHE_MAXSIZE ?= 8G
# ccache asks for it as well: so that the image's build finds what builds outside of it compiled.
export LANG ?= C.UTF-8

include scripts/packages.mk
PACKAGES := $(BUILD_PACKAGES) $(TEST_PACKAGES) $(LINT_PACKAGES)

help: ## list the targets
	@echo "Stowage $$(cat VERSION). Targets:"
	sed -nE 's/^([a-z0-9-]+):.*## (.*)/\1 \2/p' Makefile | while read -r name what; do printf '  %-23s%s\n' "$$name" "$$what"; done

deps: ## install the Debian packages that building, testing and linting need (root or sudo)
	@missing=$$(scripts/missing_packages.sh $(PACKAGES))
	if [[ -z $$missing ]]; then echo "All packages are there."; exit 0; fi
	echo "Installing:" $$missing
	run=""; if [[ $$(id -u) -ne 0 ]]; then run=sudo; fi
	$$run apt-get update -qq
	DEBIAN_FRONTEND=noninteractive $$run apt-get install -y -qq --no-install-recommends $$missing >/dev/null

# Installs when it can without asking (root, or sudo without a password); else names the command.
check-deps:
	@missing=$$(scripts/missing_packages.sh $(PACKAGES))
	if [[ -z $$missing ]]; then exit 0; fi
	if [[ $$(id -u) -eq 0 ]] || sudo -n true 2>/dev/null; then $(MAKE) --no-print-directory deps PACKAGES="$(PACKAGES)"; exit 0; fi
	echo "Packages are missing:" $$missing; echo "Type: sudo make deps, or sudo apt-get install" $$missing; exit 1

check-go:
	@source scripts/lib/common.sh; require_go

build: check-deps ## build everything into build/dev
	@cmake --preset dev >/dev/null
	ninja -C $(BUILD)

release: PACKAGES := $(BUILD_PACKAGES)
release: check-deps ## build what is shipped, optimised, into build/release
	@cmake --preset release -DSTOWAGE_BUILD_BENCH=OFF >/dev/null
	ninja -C build/release stowage-scheduler stowage-operator kubectl-stowage stowage-etcd-agent
	if grep -q STOWAGE_FAILPOINTS build/release/cmd/{operator/stowage-operator,etcd-agent/stowage-etcd-agent}; then echo "the release has failpoints in it"; exit 1; fi
	scripts/hardened.py build/release/cmd/*/stowage-* build/release/cmd/*/kubectl-stowage

image: ## build the container image into build/image (docker, podman or buildah; docs/image.md)
	@scripts/image/build.sh builder >/dev/null 2>&1 || $(MAKE) --no-print-directory check-deps PACKAGES="$(IMAGE_PACKAGES)"
	scripts/image/build.sh

image-test: image check-go ## the image's programs run from it, read-only and without rights (root)
	@tests/controlplane/controlplane.sh build
	tests/image/image_test.py

controlplane: check-go ## build etcd, kube-apiserver and friends into ~/.cache/stowage (once)
	@tests/controlplane/controlplane.sh build all

test: unit it ## the tests a change needs: unit, then integration on a real kube-apiserver

unit: build ## unit tests
	@$(CTEST) --test-dir $(BUILD) -L unit -j 2

# Each program has a control plane of its own and waits more than it computes. What they need is built before: not with a test's
# time running out, nor by several at once.
it: build controlplane ## integration tests on a real kube-apiserver and etcd (IT_JOBS at a time)
	@tests/tools/tools.sh build kwok helm helm4 helm-unittest kube-score
	rm -rf $(BUILD)/audit
	export STOWAGE_AUDIT_KEEP=$(CURDIR)/$(BUILD)/audit
	$(CTEST) --test-dir $(BUILD) -L integration -j $(IT_JOBS)
	tests/chart/rights_test.py $(BUILD)/audit

monitoring: check-deps check-go ## a real Prometheus scrapes both programs; every rule and panel has an answer
	@cmake --preset dev >/dev/null
	ninja -C $(BUILD) stowage-scheduler stowage-operator
	tests/monitoring/live.py $(BUILD)

chart: check-deps check-go ## the chart: linted, rendered, installed on a real kube-apiserver
	@cmake --preset dev >/dev/null
	ninja -C $(BUILD) stowage-scheduler stowage-operator
	tests/chart/render_test.py
	tests/chart/values_test.py
	tests/chart/definition_test.py
	tests/chart/install_test.py $(BUILD)
	tests/chart/flood_test.py $(BUILD)

e2e: check-go ## image and chart on a real node: kubelet, containerd and runc on this machine; needs root
	@tests/e2e/e2e.sh check
	$(MAKE) --no-print-directory image
	tests/e2e/e2e.sh test

conformance: check-deps check-go ## N=... generated cases (SEED=...) against kube-scheduler's own code
	@cmake --preset dev >/dev/null
	ninja -C $(BUILD) stowage_scheduler_conformance_test
	STOWAGE_CONFORMANCE_CASES=$${N:-2000} STOWAGE_CONFORMANCE_SEED=$${SEED:-} STOWAGE_CONFORMANCE_STORE=1 \
	  $(BUILD)/tests/conformance/stowage_scheduler_conformance_test

conformance-mutations: check-deps check-go ## plant bugs and see that conformance catches each
	@tests/conformance/mutations.py

operator-mutations: check-deps ## plant bugs in the operator and see that its tests catch each
	@tests/unit/statefulgroup/mutations.py

docs: check-deps ## write what is generated: the tables of docs/metrics.md and of alerts, dashboards, the chart's values and CRD
	@cmake --preset dev >/dev/null
	ninja -C $(BUILD) stowage_docs_test
	STOWAGE_WRITE_DOCS=1 $(BUILD)/tests/unit/docs/stowage_docs_test --gtest_filter='*IsWhatTheProgramsRegister'
	scripts/dashboards.py
	scripts/chart_values.py
	scripts/alerts_table.py

lint: check-deps ## format, include direction, headers alone, shellcheck, file length, pages, alerts, clang-tidy
	@scripts/lint/all.sh

fmt: ## format all C++ sources in place
	@git ls-files --cached --others --exclude-standard -- '*.h' '*.cc' | xargs clang-format-19 -i

# The model of groups one step less deep: deeper is the same code, over and over (make full).
asan: check-deps ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@cmake --preset asan >/dev/null
	ninja -C build/asan unit-tests
	export STOWAGE_MODEL_DEPTH=$${STOWAGE_MODEL_DEPTH:--1}
	ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 $(CTEST) --test-dir build/asan -L unit -j 2

tsan: check-deps ## unit tests of threaded code under ThreadSanitizer
	@cmake --preset tsan >/dev/null
	ninja -C build/tsan threaded-tests
	TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan.supp history_size=4 second_deadlock_stack=1" \
	  $(CTEST) --test-dir build/tsan -L threaded -j 2

fuzz: check-deps ## run every fuzz target for FUZZ_SECONDS (default 20) each
	@cmake --preset fuzz >/dev/null
	ninja -C build/fuzz
	scripts/fuzz.sh build/fuzz $${FUZZ_SECONDS:-20}

bench: check-deps ## build and run the benchmarks (release build)
	@cmake --preset release >/dev/null
	ninja -C build/release
	scripts/bench.sh build/release

bench-cluster: check-deps check-go ## Stowage beside kube-scheduler on a real kube-apiserver: NODES PODS WORKLOADS REPEAT RATE
	@cmake --preset release >/dev/null
	ninja -C build/release stowage-scheduler
	tests/controlplane/controlplane.sh build etcd kube-apiserver kubectl kube-scheduler
	source scripts/lib/common.sh; require_go
	(cd tests/controlplane && go test ./load && go build -o $(CURDIR)/build/release/bench-load ./load)
	bench/cluster/run.py

demo: check-deps check-go ## watch Stowage schedule 300 pods and run a group on a real local control plane
	@cmake --preset dev >/dev/null
	ninja -C $(BUILD) stowage-scheduler stowage-operator kubectl-stowage
	demo/demo.sh

full: export STOWAGE_MODEL_DEPTH = 0
full: test asan tsan fuzz bench ## everything, also what CI has no time for
	@$(MAKE) --no-print-directory conformance N=20000
	@$(MAKE) --no-print-directory chart
	tests/chart/flood_test.py $(BUILD) --without
	STOWAGE_MODEL_DEPTH=2 $(BUILD)/tests/unit/statefulgroup/stowage_statefulgroup_test --gtest_filter='ReconcilerModel*'
	STOWAGE_GROUPS=500 $(BUILD)/tests/integration/operator/stowage_operator_it --gtest_filter='ManyGroups*'
	STOWAGE_ETCD_SHARDS=3 $(BUILD)/tests/integration/etcd_group/stowage_etcd_group_it
	STOWAGE_SOAK_SECONDS=120 $(BUILD)/tests/integration/two_schedulers/stowage_two_schedulers_it --gtest_filter='TwoSchedulers*'
	demo/demo.sh </dev/null
	@$(MAKE) --no-print-directory image-test
	scripts/image/twice.sh

clean: ## remove build/ (the caches in ~/.cache stay)
	@rm -rf build
