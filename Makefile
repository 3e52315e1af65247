# The two commands of a newcomer are `make demo` and `make test`; both do all the set-up.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

LISTEN ?= 127.0.0.1:8080
SAMPLE ?= diamonds
BINARY := target/release/trainable
WEB_SOURCES := $(shell find web/src web/index.html web/graphiql.html web/vite.config.ts web/package-lock.json -type f 2>/dev/null)

# The features that the tests have too: everything is compiled once.
BUILD := cargo build --workspace --locked --bins --example scripted_model

.PHONY: help setup demo serve build web test test-rust test-postgres test-web test-python test-browser test-conformance test-clients test-local-model lint audit bench bench-sandbox soak clean

help:                ## Shows this
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-17s %s\n", $$1, $$2}' Makefile

setup:               ## Installs what running needs
	@.ci/setup

demo: setup build    ## Runs the whole pipeline on a bundled dataset and leaves it serving
	$(BINARY) admin python-env
	$(BINARY) serve --listen $(LISTEN) --demo $(SAMPLE)

serve: setup build   ## Serves the web client and the API
	$(BINARY) serve --listen $(LISTEN)

build: web           ## Builds the release binary with the web client inside
	cargo build --release --locked

web: web/dist/index.html

web/node_modules/.installed: web/package-lock.json
	cd web && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build

test:                ## Runs every test; says what it skipped
	@.ci/setup tests
	$(MAKE) web
	$(MAKE) lint
	$(MAKE) test-rust
	$(MAKE) test-postgres
	$(MAKE) test-python
	$(MAKE) test-web
	$(MAKE) test-conformance
	$(MAKE) test-clients
	$(MAKE) test-browser
	$(MAKE) audit
	@echo "make test: everything passed"

lint: web            ## Formats, lints and types, as checks
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd web && npm run --silent lint && npm run --silent typecheck

test-rust: web       ## Rust tests, on the real database and real sandboxes
	$(BUILD)
	target/debug/trainable admin python-env
	@export TRAINABLE_SDK_PYTHON && TRAINABLE_SDK_PYTHON=$$(tests/models/python) && \
	export TRAINABLE_TEST_PYTHON && TRAINABLE_TEST_PYTHON=$$(tests/python/interpreter) && \
	export TRAINABLE_TEST_SDK="$$PWD/src/sandbox/python/sdk" && \
	if cargo nextest --version >/dev/null 2>&1; then \
	    cargo nextest run --workspace --locked --no-fail-fast; \
	else \
	    echo "cargo-nextest is not installed (cargo install cargo-nextest); using cargo test"; \
	    cargo test --workspace --locked --no-fail-fast; \
	fi

test-postgres: web   ## Rust tests of rows and sessions once more, on PostgreSQL
	@tests/postgres/run

test-python:         ## The SDK, the runners and the autopilot's scripts
	@tests/python/run

test-web: web        ## The web client's unit tests, generated types and size budgets
	cd web && npm run --silent test && npm run --silent size

test-clients:        ## Three generated clients on the real binary, cut off in the middle
	@tests/clients/run

test-browser: web    ## A real browser on the real binary, from the upload to the report
	@tests/browser/run

test-conformance: web ## The suites that others wrote for GraphQL servers, on the real binary
	@$(BUILD) --quiet
	@tests/conformance/run

test-local-model:    ## One stage on a small real model on this machine; compiles its server once
	cargo build --locked
	@tests/models/local

audit: web/node_modules/.installed  ## Licences, sources and known holes of dependencies
	@.ci/audit

bench: benches/fan_out/peer/node_modules/.installed ## Measures; prints ratios against a floor or a peer in the same run
	cargo bench --locked

benches/fan_out/peer/node_modules/.installed: benches/fan_out/peer/package-lock.json
	cd benches/fan_out/peer && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

bench-sandbox:       ## Measures executions beside plain processes, and a server under attack
	cargo bench --locked --bench sandbox --no-run
	target/release/trainable admin python-env
	cargo bench --locked --bench sandbox

soak: setup build    ## The long proofs: every sample twice, a million rows, 200 kills, five minutes of every fuzz target
	@tests/soak/run
	@TRAINABLE_KILLS=100 tests/postgres/run all
	@TRAINABLE_TEST_OBJECTS=files TRAINABLE_KILLS=50 tests/postgres/run short
	@tests/objects/python >/dev/null
	TRAINABLE_TEST_OBJECTS=s3 TRAINABLE_KILLS=50 cargo test --locked --test killing -- again_and_again

clean:               ## Deletes what was built
	cargo clean
	rm -rf web/dist web/node_modules tests/conformance/node_modules
