# Every command a developer or CI runs. `make run` and `make test` set up all they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
PLUGINS := $(wildcard plugins/tarmac-*)
EDITABLE := -e .[testing] $(addprefix -e ,$(PLUGINS))
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.dev-installed
DECLARED := pyproject.toml constraints.txt tarmac_core/wapc/_fiber.c $(wildcard tarmac_core/wapc/*.h) $(wildcard plugins/*/pyproject.toml)

.PHONY: env dev packages run airport test test-only lint type contracts docs bench dist generate clean

env: $(STAMP)  ## .venv with the core and every plugin of this repository
dev: $(DEV_STAMP)  ## the same with what tests, checks, docs and benchmarks need

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed and $(PYTHON) is not one; name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module: install it first (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -c 'import pathlib, sys, sysconfig; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' || { echo "Python.h is missing, the engine is compiled against it (Debian: apt-get install python3-dev)" >&2; exit 1; }
	@$(PYTHON) -c 'import os, shlex, shutil, sys, sysconfig as c; sys.exit(not shutil.which(shlex.split(os.environ.get("CC") or c.get_config_var("CC"))[0]))' || { echo "There is no C compiler, the engine needs one (Debian: apt-get install gcc libc6-dev)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv

$(STAMP): $(DECLARED) | $(UV)
	$(UV) pip install --quiet --python $(BIN)/python -c constraints.txt $(EDITABLE)
	@touch $@

$(DEV_STAMP): $(STAMP)
	$(UV) pip install --quiet --python $(BIN)/python -c constraints.txt --group dev
	@touch $@

run: $(STAMP)  ## serve examples/tac on port 8080 with the embedded store in ./data
	@echo 'Try it:  curl --data "Tarmac Example" http://localhost:8080/'
	APP_ENABLE_KVSTORE=true APP_DATA_DIR=data $(BIN)/tarmac serve examples/tac/tarmac.json --no-tls --listen 0.0.0.0:8080

airport: $(STAMP)  ## serve examples/airport on port 8080 with SQLite and LMDB in ./data, and its file on port 8099
	@echo "Try it:  curl --data '{\"local_code\": \"PHX\"}' http://localhost:8080/"
	APP_DATA_DIR=data $(BIN)/python examples/airport/run.py

packages:
	@PYTHON=$(PYTHON) tests/setup.sh || test -z "$$TARMAC_REQUIRE_SERVICES"

test: packages $(DEV_STAMP)  ## set up everything and run all tests
	$(BIN)/python tests/run.py

test-only: $(DEV_STAMP)  ## all tests that this machine can run, on one Python, nothing installed; ARGS are pytest's
	$(BIN)/python -m pytest $(ARGS)

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(DEV_STAMP)
	$(BIN)/python tests/typecheck.py

contracts: $(DEV_STAMP)  ## import rules, documented hooks and settings, generated files
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/contract

docs: $(DEV_STAMP)
	$(BIN)/python docs/generate.py --check
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build

bench: $(DEV_STAMP)
	$(BIN)/python -m benchmarks

dist: $(DEV_STAMP)  ## wheels and sdists of everything in dist/
	$(BIN)/python tests/build_dist.py dist

generate: $(DEV_STAMP)  ## remake what is generated: wire code and docs tables
	$(BIN)/python sdk/proto/generate.py
	$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) .tox build dist docs/_build
	find . -name '__pycache__' -prune -exec rm -rf {} +
