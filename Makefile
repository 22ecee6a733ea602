# Every target sets up what it needs in .venv; the machine needs Python 3.11+, make and the package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 14

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "opsconsole needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m compileall -q console screens widgets themes
	@touch $@

install: $(STAMP) ## set up .venv

run: $(STAMP) ## the console on this host
	@$(BIN)/opsconsole

demo: $(STAMP) ## the console against embedded servers with something to see
	@$(BIN)/opsconsole demo

test: export PYTHONDONTWRITEBYTECODE :=
test: $(STAMP) ## all tests, against real servers; three times as many at once as there are cores, since most wait
	@# compiled once, they are not compiled by each worker
	@$(BIN)/python -m pytest --collect-only -qq >/dev/null || true
	@$(BIN)/python -m pytest -n $$(($$(nproc) * 3)) --dist loadscope --no-loadscope-reorder

prometheus: ## the real prometheus and promtool that tests measure against, once; needs Go
	@$(PYTHON) tests/servers/building.py prometheus

ferretdb: ## the real server that speaks MongoDB's protocol, once; needs Go
	@$(PYTHON) tests/servers/building.py ferretdb

kubernetes: ## the real kube-apiserver, kubectl and kwok that clusters are made of, once; needs Go
	@$(PYTHON) tests/servers/building.py kubernetes

servers: ## all of them, one after the other
	@$(PYTHON) tests/servers/building.py prometheus ferretdb kubernetes

lint: $(STAMP) ## ruff, mypy, pyright, import-linter, side by side
	@$(MAKE) --no-print-directory -j4 lint-ruff lint-mypy lint-pyright lint-imports

lint-ruff: $(STAMP)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

lint-mypy: $(STAMP)
	@$(BIN)/mypy

lint-pyright: $(STAMP)
	@$(BIN)/pyright

lint-imports: $(STAMP)
	@$(BIN)/lint-imports

format: $(STAMP) ## write the code the way ruff wants it
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(STAMP) ## the budgets beside the peers that are installed
	@$(BIN)/python -m compileall -q console screens widgets themes
	@$(BIN)/python -m tests.bench

soak: $(STAMP) ## whether memory stays flat over two hours under the bench's load
	@$(BIN)/python -m tests.bench.soak

faults: $(STAMP) ## all faults in full, half an hour: guides, servers, networks, logs, the screen, the journal, runs, alerts
	@bad=0; for what in guides journal runs logs hostile resize servers alerts; do \
	  echo "-- $$what"; $(BIN)/python -m tests.faults.$$what || bad=1; done; exit $$bad

picture: $(STAMP) ## the picture of the README, from the demo and containers of a private engine
	@$(BIN)/python -m tests.pty.picture --containers --size 124x34 --wait 60 docs/overview.png

docs: $(STAMP) ## the reference tables, from the code
	@$(BIN)/python -m console.reference

constraints: $(STAMP) ## pin what is installed now: names and versions only
	@$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check \
	  | grep -E '^[A-Za-z0-9_.-]+==' > constraints.txt

clean: ## remove what was set up and made
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.PHONY: help install run demo test prometheus ferretdb kubernetes servers lint lint-ruff lint-mypy lint-pyright lint-imports format bench soak faults picture docs constraints clean
