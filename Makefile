# make help says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMAGE ?= bonafide
FUZZTIME ?= 30s
# Empty builds without what tells a fuzzer the way, from what is compiled already.
FUZZBUILD ?= -fuzz .
BENCH ?= .
TOOL := go tool -modfile=tools/go.mod
BUILD := go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)'

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Run everything on this machine, providers played by emulators
	go run . dev

.PHONY: build
build: ## Build the static binary bin/bonafide
	CGO_ENABLED=0 $(BUILD) -o bin/bonafide .

# SQLite in Go is a translation of the C code and synchronizes by means of Go:
# watching its every memory access would more than double the time of the tests.
UNWATCHED := -gcflags='modernc.org/...=-race=false -d=checkptr=0'

.PHONY: test
test: ## Run all tests, as CI does
	go test -race $(UNWATCHED) -parallel 4 -timeout 15m ./...

.PHONY: cover
cover: ## Run all tests and open the lines that none of them reached
	go test -coverpkg ./... -coverprofile coverage.out ./...
	go tool cover -html coverage.out

.PHONY: bench
bench: ## Measure everything beside a baseline (docs/benchmarks.md)
	@for what in intake create status visible deliver wait idle; do go run ./bench "$$what"; echo; done

.PHONY: bench-intake
bench-intake: ## Measure how many webhooks are taken in
	@go run ./bench intake

.PHONY: bench-create
bench-create: ## Measure what creating a session takes
	@go run ./bench create

.PHONY: bench-status
bench-status: ## Measure how many statuses are read
	@go run ./bench status

.PHONY: bench-visible
bench-visible: ## Measure how soon a webhook shows in the status
	@go run ./bench visible

.PHONY: bench-deliver
bench-deliver: ## Measure how many events reach an endpoint
	@go run ./bench deliver

.PHONY: bench-wait
bench-wait: ## Measure what many who wait take, and how soon they are told
	@go run ./bench wait

.PHONY: bench-idle
bench-idle: ## Measure memory, start and size
	@go run ./bench idle

.PHONY: bench-code
bench-code: ## Run the Go benchmarks that match BENCH (default: all)
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

# Each package is built once, however many targets it has: go test -fuzz would
# link it again for each.
.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (default 30s)
	@built=$$(mktemp -d); trap 'rm -rf "$$built"' EXIT; \
	grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u | while read -r package; do \
		go test -c $(FUZZBUILD) -o "$$built/fuzz.test" "$$package"; \
		found="$$(go env GOCACHE)/fuzz/$$(go list "$$package")"; \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$package"/*_test.go); do \
			echo "$$package $$target"; \
			(cd "$$package" && "$$built/fuzz.test" -test.run '^$$' -test.fuzz "^$$target\$$" -test.fuzztime $(FUZZTIME) -test.fuzzcachedir "$$found" </dev/null); \
		done; \
	done

.PHONY: generate
generate: ## Make what is generated anew
	$(TOOL) swag init --quiet --generalInfo api/doc.go --dir . --parseInternal --requiredByDefault \
		--outputTypes json,yaml --output docs
	go run ./internal/openapi/generate docs/swagger.json docs/openapi.json
	go run ./internal/diagram
	go test ./internal/app -run 'TestReadmeTellsTheProviders|TestReconcilePageTellsTheSchedule' -update
	go test ./internal/metric -run TestThePageTellsTheMetrics -update
	go test ./docs -run TestFollowingPageShowsTheExamples -update

.PHONY: provider
provider: ## Begin an adapter: make provider name=acme
	@go run ./internal/scaffold "$(name)"

.PHONY: fmt
fmt: ## Format the code
	$(TOOL) gofumpt -w .

.PHONY: lint
lint: ## Look for mistakes in form and substance
	@unformatted=$$($(TOOL) gofumpt -l .); \
	if [ -n "$$unformatted" ]; then echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(TOOL) staticcheck ./...
	$(TOOL) golangci-lint run

.PHONY: vuln
vuln: ## Look for known vulnerabilities in what is linked in
	$(TOOL) govulncheck ./...

.PHONY: docker
docker: ## Build the image
	docker build --build-arg VERSION=$(VERSION) --tag $(IMAGE):$(VERSION) .

.PHONY: ci
ci: ## Do all that CI does
	bash .ci/run

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin coverage.out
