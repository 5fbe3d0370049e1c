# What can I do here, with nothing but Python 3.11+ and make?
# `make` alone lists it. Each target says in one line what it does; what is done stays done.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$candidate; break; }; done)

# uv uses the interpreter of .venv and nothing else; a surrounding environment is not touched.
UV := env -u VIRTUAL_ENV -u PYTHONPATH UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv --quiet
SYNC := $(UV) sync --locked --no-default-groups
LOCK := pyproject.toml uv.lock

# COVERAGE=1 make test: the same tests, with branch coverage reported before the last line.
# WORKERS=0: in one process, as a debugger wants it.
COVERAGE ?=
WORKERS ?= auto
PYTEST_ARGS ?=
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile \
	$(if $(COVERAGE),--cov --cov-report=term) $(PYTEST_ARGS)

say = @printf '%s\n' "· $@: $(1)"

.PHONY: help setup demo rehearse test lint check bench bench-quick bench-memory bench-load fuzz simulate chaos fmt lock docs picture page clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
		printf '%-18s %s\n' "$$name" "$$text"; done

# --- what is installed -------------------------------------------------------

$(VENV)/.uv-$(UV_VERSION):
	@test -n "$(PYTHON)" || { echo "Asakai needs Python 3.11 or newer as python3;" \
		"found: $$(python3 --version 2>&1 || true). Install one, or say which: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "· setup: a virtual environment in $(VENV), with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make a virtual environment;" \
		"on Debian or Ubuntu: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install -qq --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV)/.base: $(LOCK) | $(VENV)/.uv-$(UV_VERSION)
	@echo "· setup: the locked dependencies (about 200 MB the first time)"
	@$(SYNC)
	@touch $@

$(VENV)/.rehearse: $(VENV)/.base
	@echo "· setup: what the local Slack needs"
	@$(SYNC) --inexact --extra http
	@touch $@

$(VENV)/.test: $(VENV)/.base
	@echo "· setup: what the tests need"
	@$(SYNC) --all-extras --group test --group check
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	@echo "· setup: the rivals of the bench"
	@$(SYNC) --all-extras --group test --group check --group bench
	@touch $@

setup: $(VENV)/.base ## the virtual environment and the locked dependencies
	$(call say,$(BIN)/asakai is ready)

# --- what a newcomer calls ---------------------------------------------------

demo: $(VENV)/.base ## a sample shop and its digest of this morning, in this terminal
	@$(BIN)/asakai demo

# REHEARSE_ARGS="--lang en --data orders.csv" make rehearse
rehearse: $(VENV)/.rehearse ## a morning in a Slack on this machine, seen in the browser; Ctrl-C ends it
	@$(BIN)/asakai rehearse $(REHEARSE_ARGS)

test: $(VENV)/.test ## every test, with all engines that can be had here
	$(call say,pytest)
	@$(PYTEST)

check: lint ## lint, then the tests with branch coverage (TESTS=later leaves them out)
	@test "$(TESTS)" = later || $(MAKE) test COVERAGE=1

lint: $(VENV)/.test ## format, lint, types, layers, docs
	$(call say,format)
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "mend it with: make fmt" >&2; exit 1; }
	$(call say,lint)
	@$(BIN)/ruff check --quiet --output-format concise .
	$(call say,types)
	@$(BIN)/mypy --no-error-summary
	$(call say,layers)
	@$(BIN)/lint-imports --no-logo > $(VENV)/layers.txt || { cat $(VENV)/layers.txt >&2; exit 1; }
	$(call say,lock)
	@$(UV) lock --check
	$(call say,docs)
	@$(BIN)/python -m pytest --quiet --no-header tests/test_docs.py > $(VENV)/docs.txt \
		|| { cat $(VENV)/docs.txt >&2; exit 1; }

# --- what a developer calls --------------------------------------------------

bench: $(VENV)/.bench ## speed against pandas, polars and DuckDB, in one run (ORDERS=1000000,10000000)
	$(call say,the same orders for everyone; results are compared before times)
	@$(BIN)/python -m tests.bench $(if $(ORDERS),--orders $(ORDERS)) $(BENCH_ARGS)

simulate: $(VENV)/.test ## a digest's simulated mornings (MORNINGS=100000; nightly 10000000)
	$(call say,the protocol that runs against a world where everything breaks)
	@$(BIN)/python -m tests.simulation $(if $(MORNINGS),--mornings $(MORNINGS)) $(SIMULATE_ARGS)

chaos: $(VENV)/.test ## real processes killed and paused on PostgreSQL and SQLite, up to ten minutes
	$(call say,read from the channel itself)
	@$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

bench-quick: $(VENV)/.bench ## the same with 1,000,000 orders and three runs, in about two minutes
	$(call say,a first look; the numbers that count come from make bench)
	@$(BIN)/python -m tests.bench --orders 1000000 --runs 3 $(BENCH_ARGS)

bench-memory: $(VENV)/.test ## peak of importing 10,000,000 lines and syncing 1,000,000 orders, about five minutes
	$(call say,the real command line in a process of its own; what counts is the kernel's VmHWM)
	@$(BIN)/python -m tests.bench.memory $(MEMORY_ARGS)

bench-load: $(VENV)/.test ## 50 questions a second for a minute, against the local Slack (LOAD_ARGS="--seconds 10")
	$(call say,acknowledged within 3 s or not; answers and busy answers)
	@$(BIN)/python -m tests.bench.load $(LOAD_ARGS)

fuzz: $(VENV)/.test ## 100,000 commands that nobody would type (COMMANDS=1000)
	$(call say,$(or $(COMMANDS),100000) commands)
	@ASAKAI_FUZZ=$(or $(COMMANDS),100000) $(BIN)/python -m pytest --quiet --no-header tests/bot/test_fuzz.py

fmt: $(VENV)/.test ## set the code in order
	$(call say,ruff)
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

lock: | $(VENV)/.uv-$(UV_VERSION) ## resolve the dependencies again into uv.lock
	$(call say,uv.lock)
	@$(UV) lock

docs: $(VENV)/.base ## the manuals that are made from the program
	$(call say,docs/commands.md docs/settings.md)
	@for manual in commands settings; do $(BIN)/asakai docs $$manual > docs/$$manual.new && mv docs/$$manual.new docs/$$manual.md || exit 1; done

picture: $(VENV)/.test ## the READMEs' pictures of the digest
	$(call say,docs/digest.svg docs/digest.ja.svg)
	@$(BIN)/python -m tests.picture docs/digest.svg en
	@$(BIN)/python -m tests.picture docs/digest.ja.svg ja

page: ## the local Slack's page from its source (needs Node 20 or newer)
	$(call say,bot/local_slack/page)
	@cd bot/local_slack/page_source && npm ci --ignore-scripts --no-audit --no-fund --silent && npm run --silent build

clean: ## everything that was made here goes
	$(call say,$(VENV) and caches)
	@if grep -qs '^# asakai demo' demo/shop.toml; then rm -rf demo; fi
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* build preview \
		bot/local_slack/page_source/node_modules
