# The project's commands. `make run` needs nothing but Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test check bench clean

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: .venv/.run  ## start on 127.0.0.1:5353 (DNS) and 127.0.0.1:8080 (page), data in ./data
	SINKHOLE__DNS__LISTEN='["127.0.0.1:5353"]' $(BIN)/sinkhole run --config config/sinkhole.yaml

test: .venv/.dev  ## run every test
	$(BIN)/python -m pytest

check: .venv/.dev  ## style, types, the rules of the house, and what documents claim
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 0 tests/test_architecture.py tests/test_documents.py

bench: .venv/.dev  ## measure against echo, Unbound and dnsmasq; see bench/README.md
	$(BIN)/python -m bench

clean:  ## remove the environment and what tools left behind
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis bench/work

.venv/.made:
	$(PYTHON) -m venv .venv
	touch $@

.venv/.run: .venv/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/.dev: .venv/.made pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ .venv/.run
