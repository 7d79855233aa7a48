# The project's commands. `make run` needs nothing but Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
PIP := -m pip install --quiet --disable-pip-version-check
# requirements/ has exact versions with hashes: what is not in there is not installed.
LOCKED := $(PIP) --require-hashes
ITSELF := $(PIP) --no-deps --no-build-isolation -e .
PAGE := sinkhole/control/web/page/made-of.txt
# What the page is made of, but for what is made itself.
UI := $(shell find ui -name node_modules -prune -o -type f ! -name schema.d.ts -print)
# The resolver of `make lock`, which nothing else needs.
UV := 0.13.9

.PHONY: help run test check bench wheel addon image lowest newest lock upgrade clean

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: .venv/.run $(PAGE)  ## start on 127.0.0.1:5353 (DNS) and 127.0.0.1:8080 (page), data in ./data
	SINKHOLE__DNS__LISTEN='["127.0.0.1:5353"]' $(BIN)/sinkhole run --config config/sinkhole.yaml

test: .venv/.dev $(PAGE)  ## run every test
	$(BIN)/python packaging/build_page.py test
	$(BIN)/python -m pytest

check: .venv/.dev $(PAGE)  ## style, types, the rules of the house, and what documents claim
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python packaging/build_page.py check
	$(BIN)/python -m pytest -n 0 tests/test_architecture.py tests/test_documents.py \
		tests/test_packaging.py

bench: .venv/.dev  ## measure against echo, Unbound and dnsmasq; see bench/README.md
	$(BIN)/python -m bench

# The wheel is built from the sdist, so both are known to be whole. No cache: pip would take an
# older wheel of the same version for that of a new sdist.
wheel: .venv/.run $(PAGE)  ## build sdist and wheel into dist/, install the wheel elsewhere and ask it
	rm -f dist/sinkhole-*
	$(BIN)/python -m hatchling build --target sdist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-cache-dir --no-deps \
		--no-build-isolation --wheel-dir dist dist/sinkhole-*.tar.gz
	$(BIN)/python packaging/try_wheel.py dist/sinkhole-*.whl requirements/run.txt

addon: wheel  ## put the add-on for Home Assistant together, in dist/addon/sinkhole
	$(BIN)/python packaging/build_addon.py dist/sinkhole-*.whl dist/addon/sinkhole

image:  ## build the container image `sinkhole`, with Docker or Podman
	@for engine in docker podman; do \
		if "$$engine" info >/dev/null 2>&1; then exec "$$engine" build --tag sinkhole .; fi; \
	done; \
	echo 'make image needs Docker or Podman, installed and running: neither answers here' >&2; \
	exit 1

# What a browser sees is not of the versions of Python's packages: `make test` tries that.
lowest: .venv-lowest/.made  ## run the tests with the lowest versions that pyproject.toml allows
	.venv-lowest/bin/python -m pytest -m 'not browser'

newest: $(PAGE)  ## run the tests with the newest versions that pyproject.toml allows, whatever is locked
	$(PYTHON) -m venv --clear .venv-newest
	.venv-newest/bin/python $(PIP) --upgrade pip
	.venv-newest/bin/python $(PIP) --group dev --group contract -e '.[encrypted,postgresql]'
	.venv-newest/bin/python -m pytest -m 'not browser'

# One set of versions for all Pythons and machines. Each file takes over what the ones before it
# say, and what it said itself, where that still fits; lowest.txt is made from nothing each time.
COMPILE = .venv-lock/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --custom-compile-command 'make lock'
BACKEND := $(PYTHON) -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb")); \
	print(*project["build-system"]["requires"], sep="\n")'

lock: .venv-lock/.uv-$(UV)  ## write requirements/ anew, after a change of pyproject.toml
	$(COMPILE) pyproject.toml --all-extras --output-file requirements/run.txt
	$(COMPILE) --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
	$(COMPILE) --group contract --constraint requirements/run.txt \
		--constraint requirements/dev.txt --output-file requirements/contract.txt
	$(COMPILE) --group page --output-file requirements/page.txt
	$(BACKEND) | $(COMPILE) - --constraint requirements/run.txt \
		--constraint requirements/dev.txt --output-file requirements/build.txt
	$(BACKEND) | $(COMPILE) pyproject.toml - --all-extras --constraint requirements/dev.txt --upgrade \
		--resolution lowest-direct --output-file requirements/lowest.txt

upgrade: COMPILE += --upgrade
upgrade: lock  ## the same, with the newest versions

clean:  ## remove the environments and what tools left behind
	rm -rf .venv .venv-lock .venv-lowest .venv-newest .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis dist bench/work ui/node_modules ui/src/server/schema.d.ts $(dir $(PAGE))

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'sinkhole needs Python 3.11 or newer, and $(PYTHON) is not: say which one is,' \
			'for instance make $(MAKECMDGOALS) PYTHON=python3.13' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	touch $@

.venv/.run: .venv/.made pyproject.toml requirements/run.txt requirements/build.txt \
		requirements/page.txt
	$(BIN)/python $(LOCKED) -r requirements/run.txt -r requirements/build.txt -r requirements/page.txt
	$(BIN)/python $(ITSELF)
	touch $@

# Installing sinkhole has built it already; afterwards it is built anew for other sources.
$(PAGE): $(UI) packaging/build_page.py .venv/.run
	$(BIN)/python packaging/build_page.py
	@touch $@

.venv/.dev: .venv/.run requirements/dev.txt requirements/contract.txt
	$(BIN)/python $(LOCKED) -r requirements/dev.txt -r requirements/contract.txt
	touch $@

.venv-lowest/.made: $(PAGE) pyproject.toml requirements/lowest.txt requirements/dev.txt
	$(PYTHON) -m venv --clear .venv-lowest
	.venv-lowest/bin/python $(LOCKED) -r requirements/lowest.txt -r requirements/dev.txt
	.venv-lowest/bin/python $(ITSELF)
	touch $@

.venv-lock/.uv-$(UV):
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python $(PIP) uv==$(UV)
	touch $@
