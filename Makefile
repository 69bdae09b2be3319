# Swapline. A bare `make` lists the targets.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO           ?= go
LINT_VERSION := v2.15.0
LINT         := .cache/golangci-lint-$(LINT_VERSION)
LISTEN       ?= 127.0.0.1:7070
FUZZTIME     ?= 30s
KILLS        ?= 200

# One set of flags for the host. Plugins take them over from the host's build
# info (swapline build), so they cannot differ.
export CGO_ENABLED := 1
BUILD := $(GO) build -trimpath

SWAPLINE := bin/swapline
SOURCES  := $(shell find abi runtime nativeplugin server cmd guests -name node_modules -prune -o -name '*.go' -not -name '*_test.go' -print) \
            $(shell find server cmd -name '*.yaml' -o -name '*.tmpl') $(wildcard guests/c/sdk/*) contract.go go.mod go.sum
GUEST    := $(shell find abi guests/go -name '*.go' -not -name '*_test.go')
RISK     := $(shell find examples/riskscore -type f -not -name '*_test.go') $(GUEST)
FX       := $(shell find examples/fxquote -type f -not -name '*_test.go') $(GUEST)
AUTHORISE := $(shell find examples/demorollout/model examples/demorollout/authorise -type f -not -name '*_test.go') $(GUEST)

# In the order in which they are signed: sequences rise.
RELEASES := dist/fxquote-1.0.0.wasm dist/riskscore-1.0.0.wasm dist/riskscore-2.0.0.wasm dist/riskscore-2.0.0.so
LIVE     := dist/fxquote-1.0.0.wasm dist/riskscore-1.0.0.wasm

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Installs Debian packages if the command before it fails.
INSTALL = as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	$$as_root apt-get update -q && $$as_root apt-get install -qy --no-install-recommends

.PHONY: deps
deps: deps-host deps-guests ## install what a bare Debian machine lacks, for everything here

.PHONY: deps-host
deps-host: # what make run needs: a C compiler, for native plugins
	@command -v $(GO) >/dev/null || { echo "Go 1.26 is needed: https://go.dev/dl" >&2; exit 1; }
	@command -v gcc >/dev/null && [ -e /usr/include/stdlib.h ] || { \
		echo "installing gcc and the C library's headers"; $(INSTALL) gcc libc6-dev; }
	@$(GO) mod download && $(GO) -C bench/peers mod download

.PHONY: deps-guests
deps-guests: # compilers for guests in C, Rust and AssemblyScript; their tests are skipped without
	@{ command -v clang-14 && command -v wasm-ld-14 && [ -x /usr/bin/cargo ] && [ -d /usr/lib/rustlib/wasm32-unknown-unknown ]; } >/dev/null || { \
		echo "installing compilers for guests in C and Rust"; \
		$(INSTALL) clang-14 lld-14 rustc cargo libstd-rust-dev-wasm32; }
	@command -v npm >/dev/null || { echo "installing npm for guests in AssemblyScript"; $(INSTALL) nodejs npm; }
	@cd guests/assemblyscript && { [ node_modules -nt package-lock.json ] || { npm ci --no-audit --no-fund && touch node_modules; }; }

.PHONY: build
build: $(SWAPLINE) ## build bin/swapline

$(SWAPLINE): $(SOURCES)
	$(BUILD) -o $@ ./cmd/swapline

.PHONY: guests
guests: $(RELEASES) ## build and sign the examples into dist/
	@for artifact in $(RELEASES); do \
		[ "$$artifact".dsse -nt "$$artifact" ] && $(SWAPLINE) verify "$$artifact" >/dev/null 2>&1 || \
			$(SWAPLINE) sign "$$artifact"; done

dist/riskscore-1.0.0.wasm: $(RISK) | $(SWAPLINE)
	$(SWAPLINE) build --kind wasm examples/riskscore/v1
dist/riskscore-2.0.0.wasm: $(RISK) | $(SWAPLINE)
	$(SWAPLINE) build --kind wasm examples/riskscore/v2
dist/fxquote-1.0.0.wasm: $(FX) | $(SWAPLINE)
	$(SWAPLINE) build --kind wasm examples/fxquote
dist/authorise-1.0.0.wasm: $(AUTHORISE) | $(SWAPLINE)
	$(SWAPLINE) build --kind wasm examples/demorollout/authorise
# A plugin belongs to one build of the host.
dist/riskscore-2.0.0.so: $(RISK) $(SWAPLINE)
	$(SWAPLINE) build --kind native examples/riskscore/v2

.PHONY: run
run: deps-host build guests ## build everything and serve the examples on 127.0.0.1:7070
	@mkdir -p .cache/live
	@for artifact in $(LIVE); do cp "$$artifact" "$$artifact".dsse .cache/live/; done
	@printf '%s\n' '' 'Serving riskscore 1.0.0 and fxquote 1.0.0 on $(LISTEN). In a second terminal:' '' \
		'  bin/swapline list' \
		'  bin/swapline exec riskscore @examples/riskscore/payment.json --headers' \
		'  bin/swapline push dist/riskscore-2.0.0.wasm     # the next version, as Wasm' \
		'  bin/swapline push dist/riskscore-2.0.0.so       # the same source as a native plugin' \
		'  bin/swapline rollback riskscore --reason "trying it out"' \
		'  bin/swapline get riskscore' ''
	@exec $(SWAPLINE) serve --listen $(LISTEN) --dir .cache/live

# make check vets everything once. Without DWARF a test program is linked in three
# quarters of the time. Tests wait for disks, processes and clocks: one package more
# than there are processors keeps these busy.
TEST := $(GO) test -vet=off -ldflags=-w -p $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: test
test: ## all tests
	$(TEST) -timeout 10m ./...
	$(TEST) -tags portable ./runtime/wasm/snapshot

# Plugins that are tried one after the other, in processes of their own: there is
# nothing to race with, and it takes minutes.
ALONE := ^Test(Mischief|WhoDoesNotComeBack|WhoChangesTheProcess|ForeignBuilds|Mutants|ValidateCounts|AProgramThatIsNoChild|AVerdictIsCut)

# Measurements of real guests, which take a minute under the race detector; what runs
# in parallel there is runtime/compare's, and raced with its own tests.
MEASURED := ^Test(AModuleIsComparedWithItself|AGuestOfTheGoSDKTellsItsShare)$$

# What these build is not run, or in a process of its own, without the detector.
BUILT := ^Test(AStaticBinaryRefusesWhatNeedsC|APluginIsBuiltForARunningHost)$$

# The longest of those that are one goroutine: in each of these packages others are not.
SERIAL := ^TestInspect(ComparesWithWhatItIsToldTo|TellsMachinesTheWholeTable)$$|^TestConformance.*/(random_calls|of_comparisons)|^TestALongStoryNeedsNoMoreRoom$$|$\
          ^Test(CoreSuite|GeneratedModules|GoGuest|CapabilitiesOfAGoGuest|DamagedCodeIsNeverRun|LargeModulesWithinTheLimitsWork)$$|$\
          ^Test(PeekingDoesNotMakeIdenticalReleasesDiffer|AnExperimentGoesOnFromItsCheckpointAsIfNothingHadHappened)$$

# What has neither goroutine, lock nor listener, in its tests neither, cannot race.
SHARING := \bgo (func\b|[a-zA-Z_.]+\()|"sync(/atomic)?"|"net/http|t\.Parallel\(

# Of the rest these are left to make test: programs whose parts are tested where they
# are, pages that are drawn, and compilers, of wasm and of plugins, which start others.
UNSHARED := bench/(calibrate|crash|hostile|judge|peers(/.*)?)|nativeplugin(/pluginbuild)?|runtime/(compare/page|wasm/meter)

# A module is read, rewritten and compiled by one goroutine. Under the race detector
# that took most of the time and found nothing, so it is built without; the engine
# itself and all of ours that shares something are built with.
UNRACED := $(addprefix github.com/swapline/swapline/runtime/wasm/,guard meter) \
           $(addprefix github.com/tetratelabs/wazero/internal/engine/wazevo/,ssa frontend backend/...)

# Without GORACE every process sleeps for a second at its end, and tests of
# plugins start many.
.PHONY: race
race: ## the tests of everything that runs in parallel, under the race detector
	GORACE=atexit_sleep_ms=0 $(TEST) -race $(UNRACED:%=-gcflags=%=-race=false) -timeout 12m -skip '$(MEASURED)|$(BUILT)|$(SERIAL)' \
		$$(grep -rlE --include='*.go' --exclude-dir={.cache,dist,node_modules,testdata} '$(SHARING)' . | xargs -n1 dirname | sort -u | grep -vxE '\./($(UNSHARED))')
	GORACE=atexit_sleep_ms=0 $(TEST) -race -timeout 12m -skip '$(ALONE)' ./nativeplugin

# The packages to which the second engine makes a difference.
.PHONY: test-wasmtime
test-wasmtime: ## the Wasm tests on the second engine, and between the two
	$(TEST) -timeout 10m -tags wasmtime $$($(GO) list -tags wasmtime -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' ./runtime/wasm/... | grep wasmtime | cut -d ' ' -f 1)
	$(TEST) -timeout 10m -tags wasmtime -run '^Test(.*Engine|.*Compare|Serve|AServer|NewStrategy)' ./cmd/swapline

.PHONY: build-wasmtime
build-wasmtime: ## bin/swapline-wasmtime, which has the second engine
	$(BUILD) -tags wasmtime -o bin/swapline-wasmtime ./cmd/swapline

# All of go vet is among the linters; make test builds the program without C.
.PHONY: check
check: $(LINT) ## format, vet, lint, architecture, tidy, clean tree
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
		[ -z "$$unformatted" ] || { echo "run gofmt -w on:" >&2; echo "$$unformatted" >&2; exit 1; }
	GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 $(GO) vet ./abi/... ./guests/go ./examples/riskscore/... ./examples/fxquote/... ./examples/demorollout/model ./examples/demorollout/authorise
	$(LINT) run ./...
	$(LINT) run --build-tags wasmtime ./runtime/wasm ./runtime/wasm/wasmtimeengine ./bench/hostile ./bench/spectest
	$(TEST) -count=1 .
	$(GO) mod tidy -diff
	$(GO) mod verify
	cd bench/peers && ../../$(LINT) run ./...
	$(GO) -C bench/peers mod tidy -diff
	@[ -z "$${CI:-}" ] || [ -z "$$(git status --porcelain)" ] || { \
		echo "the tree is not clean:" >&2; git status --porcelain >&2; exit 1; }

$(LINT):
	@mkdir -p .cache/lint
	GOBIN=$(CURDIR)/.cache/lint CGO_ENABLED=0 $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	@mv .cache/lint/golangci-lint $@ && rmdir .cache/lint

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (30s) each
	@for package in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$$package"/*_test.go | cut -c6-); do \
			echo "== $$package $$target"; \
			$(GO) test -tags wasmtime -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$$package"; done; done

.PHONY: bench
bench: ## a call through the runtime against a direct one and against Extism; figures also in bench.json
	$(BUILD) -o bin/bench ./bench
	$(GO) build -C bench/peers -trimpath -o ../../bin/peers .
	bin/bench -json bench.json
	bin/peers -json bin/peers.json

.PHONY: hostile
hostile: ## hostile releases on both engines, beside strategies that behave
	$(BUILD) -tags wasmtime -o bin/hostile ./bench/hostile
	bin/hostile

.PHONY: drift
drift: ## plugins that differ from their host in one thing: predicted, then opened in a child process
	$(BUILD) -o bin/drift ./bench/drift
	bin/drift

.PHONY: quarantine
quarantine: ## hostile plugins, each caught in its throw-away process, beside a strategy that serves
	$(BUILD) -o bin/quarantine ./bench/quarantine
	bin/quarantine

.PHONY: renew
renew: ## replace a host's process under 10,000 requests a second; every answer is checked
	$(GO) run ./bench/renew

.PHONY: renew-reloads
renew-reloads: ## 1,000 changed versions on a host that renews itself; memory at rest is compared
	$(GO) run ./bench/renew -reloads 1000

.PHONY: judge
judge: ## simulated rollouts: how often identical releases are rolled back, and how soon worse ones are
	$(BUILD) -o bin/judge ./bench/judge
	bin/judge

# The second engine exists for one platform; elsewhere there is an arm less.
COMPARER := $(if $(filter linux/amd64,$(shell $(GO) env GOOS)/$(shell $(GO) env GOARCH)),bin/swapline-wasmtime,$(SWAPLINE))
COMPARED := examples/riskscore/v2

# 11 and 12 are answers (worse, undecided), no mistakes.
.PHONY: compare
compare: build $(if $(filter %-wasmtime,$(COMPARER)),build-wasmtime) ## riskscore as a plugin and as Wasm on both engines, over 10,000 payments; report in dist/compare.html
	@mkdir -p dist
	@$(GO) run ./examples/compare -n 10000 -seed 1 >dist/compare.ndjson
	@$(COMPARER) compare native:$(COMPARED) wazero:$(COMPARED) $(if $(filter %-wasmtime,$(COMPARER)),wasmtime:$(COMPARED)) direct:$(COMPARED) \
		--inputs dist/compare.ndjson --hypothesis not_worse --margin 25% --rate 2000 --seed 1 \
		--report dist/compare.html --report dist/compare.json --report dist/compare.md || { code=$$?; [ $$code = 11 ] || [ $$code = 12 ] || exit $$code; }

.PHONY: look-report
look-report: ## pages of reports in a real browser: nothing asked for, nothing blocked; pictures in dist/look-report
	@command -v chromium >/dev/null || { echo "installing chromium"; $(INSTALL) chromium fonts-dejavu-core; }
	@mkdir -p dist/look-report
	@$(GO) test ./runtime/compare/page -count=1 -timeout 20m -run Browser -args -browser "$$(command -v chromium)" \
		-album "$(CURDIR)/dist/look-report" $(if $(wildcard dist/compare.json),-report "$(CURDIR)/dist/compare.json")
	@echo "pictures: dist/look-report"

.PHONY: calibrate
calibrate: ## simulated comparisons and experiments: what intervals hold, and how often verdicts are wrong
	$(BUILD) -o bin/calibrate ./bench/calibrate
	bin/calibrate

.PHONY: spectest
spectest: ## the WebAssembly core suite before and after rewriting, on both engines
	$(GO) run -tags wasmtime ./bench/spectest

.PHONY: generated
generated: ## 50,000 generated modules before and after metering, on both engines
	METER_MODULES=50000 $(GO) test -tags wasmtime -run Generated -timeout 2h -v ./runtime/wasm/meter

.PHONY: demo
demo: build $(RELEASES) ## switch and roll back under load; every answer is checked
	$(GO) run ./examples/demo -bin $(SWAPLINE) -dist dist

.PHONY: demo-rollout
demo-rollout: build dist/authorise-1.0.0.wasm ## releases that earn their traffic, or do not, under load; every answer is checked
	$(GO) run ./examples/demorollout -bin $(SWAPLINE) -artifact dist/authorise-1.0.0.wasm

.PHONY: crash
crash: ## kill -9 the store, a deploying server and its rollouts KILLS times (200)
	$(GO) run ./bench/crash -kills $(KILLS)

.PHONY: clean
clean: ## remove everything that was built
	rm -rf bin dist .cache bench.json
