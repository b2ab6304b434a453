# `make help` lists the verbs. Everything happens in .venv; nothing outside this folder is installed.
# Variables: ARGS="..." options for the command behind a verb, JOBS=2 test processes, EXAMPLES=50 requests, PYTHON=python3.12.

# Compiled modules are kept in .venv, not beside the sources: a second start need not compile again.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/pycache

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help install run check test contract fault soak e2e browser fuzz explore mutate bench openapi docs lock clean

JOBS ?= 2
EXAMPLES ?= 50
MINUTES ?= 20
ARGS ?=
BIN := .venv/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-annotate -q

help: ## what can be done here
	@echo "usage: make VERB [ARGS=\"...\"]"
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/.installed-dev .venv/.linked ## make .venv with everything for work on the product

run: .venv/.installed-run .venv/.linked ## start the whole product here: `ledgerway demo`, e.g. ARGS="--port 9000"
	@$(BIN)/ledgerway demo $(ARGS)

check: install ## lint, format, types, import and house rules, specification diff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.contract.house
	$(BIN)/ledgerway openapi --check

test: install ## all tests, in JOBS processes
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

contract: install ## the contract suites alone, with many generated requests per operation
	CONTRACT_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile tests/contract $(ARGS)

fault: install ## the fault suites with the whole crash and fault matrices (half an hour)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -o python_files='test_*.py matrix_*.py' tests/fault $(ARGS)

soak: install ## everything breaks for MINUTES while people work, then the books are balanced; ARGS="--seed 7"
	$(BIN)/python -m tests.soak --minutes $(MINUTES) $(ARGS)

e2e: install ## the whole product as real processes
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile tests/e2e $(ARGS)

browser: install ## the portal in a real browser (Chromium on the path); ARGS="--pictures FOLDER" keeps a picture of every state
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal tests/browser $(ARGS)

fuzz: install ## random and mutated inputs for every calculator, e.g. ARGS="--count 10000 --seed 7"
	$(BIN)/python -m tests.fuzz $(ARGS)

explore: install ## the properties with other inputs each time, twenty times as many; ARGS="--hypothesis-seed=7" repeats a run
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --hypothesis-profile=explore -m hypothesis tests/unit tests/contract $(ARGS)

mutate: install ## mutants of domain/ against each file's tests, a sample when all take over 20 minutes; e.g. ARGS="caps --all"
	$(BIN)/python -m tests.mutation $(ARGS)

bench: install ## measurements on this machine beside the baseline, e.g. ARGS="gateway"
	$(BIN)/python -m tests.bench $(ARGS)

openapi: install ## write openapi/ from the contracts
	$(BIN)/ledgerway openapi $(ARGS)

docs: install ## write docs/reference/ from commands, rules and metrics
	$(BIN)/python -m gateway.cli.reference > docs/reference/cli.md
	$(BIN)/python -m gateway.cli.rule_reference > docs/reference/rules.md
	$(BIN)/python -m gateway.metrics_reference > docs/reference/metrics.md

lock: ## renew requirements/ from pyproject.toml (needs uv)
	$(COMPILE) -o requirements/run.txt
	$(COMPILE) --group dev -o requirements/dev.txt

clean: ## delete .venv and the caches; state in .ledgerway stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Ledgerway needs Python 3.11 or newer; none was found. Name one: make PYTHON=/path/to/python3.12" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Ledgerway needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" -V 2>&1)." >&2; exit 2; }
	@if [ -n "$(UV)" ]; then uv venv -q --allow-existing --python "$$(command -v "$(PYTHON)")" .venv; \
	else "$(PYTHON)" -m venv .venv || { rm -rf .venv; \
		echo "This Python cannot make virtual environments: install its venv module (Debian: apt install python3-venv)." >&2; exit 2; }; fi

# What is installed for development holds what the product runs on.
.venv/.installed-run: requirements/run.txt | .venv/bin/python
	@if [ .venv/.installed-dev -nt requirements/dev.txt ]; then :; else $(call install,requirements/run.txt); fi
	@touch $@

.venv/.installed-dev: requirements/dev.txt | .venv/bin/python
	@$(call install,requirements/dev.txt)
	@touch $@

.venv/.linked: requirements/link.py pyproject.toml | .venv/bin/python
	@$(BIN)/python requirements/link.py
	@touch $@

define install
echo "Installing packages into .venv: takes a minute, once." >&2; \
if [ -n "$(UV)" ]; then uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes --no-deps -r $(1); \
else $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r $(1); fi
endef
