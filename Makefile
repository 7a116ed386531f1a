# Ten words. `make serve` and `make test` need nothing but Python 3.11 or newer.

VENV    := .venv
BIN     := $(VENV)/bin
PYTHON  ?= $(or $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
             $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
             command -v $$python && break; done),python3)
WORKERS ?= $(shell count=$$(nproc 2>/dev/null || echo 2); echo $$((count > 4 ? 4 : count < 2 ? 2 : count)))
IMAGE   ?= fogbank
ARGS    ?=

# Stamps: an environment is made once, and installed into again when what it depends on changes.
SERVES  := $(VENV)/.serves
TESTS   := $(VENV)/.tests
MODULES := tests/javascript/node_modules/.installed

.PHONY: help setup serve demo test lint types bench docs image clean
.DEFAULT_GOAL := help

help: ## show these words
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(TESTS) $(MODULES) ## make the environment that tests, lint and types need

serve: $(SERVES) ## serve AWS on port 4566 (ARGS="--port 4567 --data DIR": more to say)
	@$(BIN)/fogbank serve $(ARGS)

demo: $(TESTS) ## a tour of one minute, with real boto3 output
	@$(BIN)/python demo/tour.py

test: $(TESTS) $(MODULES) ## run all tests (ARGS="-k sqs": only some)
	@$(BIN)/pytest -n $(WORKERS) $(ARGS)

lint: $(TESTS) ## ruff
	@$(BIN)/ruff check .

types: $(TESTS) ## mypy, strict
	@$(BIN)/mypy

bench: $(TESTS) ## print the budgets of ARCHITECTURE.md as measured here
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(TESTS) ## write the generated parts of docs/
	@$(BIN)/python -m docs

image: ## build the container image
	docker build -f docker/Dockerfile -t $(IMAGE) .

clean: ## remove everything that was made here
	rm -rf $(VENV) build dist tests/javascript/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "fogbank needs Python 3.11 or newer (make PYTHON=/path/to/python3.11 ...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(SERVES): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(TESTS): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(SERVES)

# Tests with AWS's SDK for JavaScript need node; without it they are skipped, and say so.
$(MODULES): tests/javascript/package.json
	@command -v npm >/dev/null || sh tests/javascript/install-node.sh || true
	@cd tests/javascript && npm install --no-package-lock --no-audit --no-fund --loglevel=error && touch node_modules/.installed \
	  || echo "no SDK for JavaScript here (it takes node, npm and its registry): its tests will be skipped"
