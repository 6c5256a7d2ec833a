.DEFAULT_GOAL := help
.PHONY: help demo test test-lowest test-dialects test-clusters generate check bench bench-quick bench-compare matrix build clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASE ?= HEAD

# What a command prints is shown only if it fails.
quietly = $(1) > $(VENV)/output.log 2>&1 || { cat $(VENV)/output.log; exit 1; }

# Installed again only when what is to be installed has changed.
STAMP := $(VENV)/.installed

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) ..."
	@$(call quietly,$(BIN)/python -m pip install "pip>=25.1")
	@$(call quietly,$(BIN)/python -m pip install -c constraints.txt --group dev --editable .)
	@touch $@

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: $(STAMP) ## Serve the demo on http://127.0.0.1:8000 (DATABASE_URL chooses another database)
	@$(BIN)/python -m examples.demo

# Tests start many interpreters, which would each compile everything anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(STAMP) ## Run every test, on SQLite, PostgreSQL and MariaDB (ARGS="-k rotate": some)
	@$(BIN)/python -m pytest $(or $(ARGS),--numprocesses=auto --dist=worksteal)

test-lowest: export PYTHONDONTWRITEBYTECODE :=
test-lowest: $(STAMP) ## Run the tests on the lowest versions of what pyproject.toml asks for
	@$(BIN)/nox --session lowest -- $(ARGS)

test-dialects: export PYTHONDONTWRITEBYTECODE :=
test-dialects: $(STAMP) ## Run the contract of a storage on DuckDB and on Firebird
	@$(BIN)/nox --session dialects -- $(ARGS)

test-clusters: export PYTHONDONTWRITEBYTECODE :=
test-clusters: $(STAMP) ## Run the tests on a Galera cluster and on a pair of PostgreSQL servers
	@$(BIN)/python -m pytest tests/clusters $(ARGS)

generate: $(STAMP) ## Write the sync twins of the async sources
	@$(BIN)/python tools/unasync_build.py

check: $(STAMP) ## Lint, format, types, imports, and see that the twins are up to date
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/unasync_build.py --check

bench: $(STAMP) ## Measure everything beside what it is built on and chosen over (ARGS="--help")
	@$(BIN)/python -m benchmarks $(ARGS)

bench-quick: $(STAMP) ## Measure the verbs and whole requests on one driver, in a minute
	@$(BIN)/python -m benchmarks verbs requests --driver "async postgresql+asyncpg" --rounds 11 $(ARGS)

bench-compare: $(STAMP) ## Measure the working tree beside another revision (BASE=main)
	@$(BIN)/python -m benchmarks compare --base $(BASE) $(ARGS)

# Those of pyenv are not on the PATH by themselves.
matrix: export PATH := $(subst $() $(),:,$(wildcard $(HOME)/.pyenv/versions/*/bin)):$(PATH)
matrix: export UV_PYTHON_DOWNLOADS := never
matrix: $(STAMP) ## Run every test on each Python that is found, with SQLAlchemy 2.0 and 2.1
	@$(BIN)/nox --session tests -- $(ARGS)

build: $(STAMP) ## Build sdist and wheel into dist/
	@$(BIN)/python -m build

clean: ## Remove what was built and installed here
	@rm -rf $(VENV) .nox dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
