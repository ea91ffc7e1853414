# make env    set the course up in .venv        make test      set up and run the tests
# make lab    set up and open JupyterLab        make test-all  the same, nothing sampled
# make lock   compile requirements.lock anew    make lint      formatter, linter, types
# make notebooks  execute chapters and solutions again, write the exercises
# make book   the course as a static site, in build/book

.DEFAULT_GOAL := lab
.PHONY: env lab test test-all lint lock notebooks book clean

# The newest Python that the lock file covers; `make env PYTHON=python3.11` chooses another.
PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3 python,\
	$(shell $(p) -c 'import sys, venv, ensurepip; print("$(p)") if (3, 11) <= sys.version_info[:2] <= (3, 13) else 0' 2>/dev/null | grep -v '^0$$')))
BIN := .venv/bin
# Chapters, tests and graders run on two threads at most; waiting threads must not spin.
export OMP_WAIT_POLICY ?= PASSIVE
TESTS ?= tests

env: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 with venv was found. Install one, or name it: make env PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --compile-bytecode requirements.lock
	VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

lab: env
	$(BIN)/python -m tools.lab

test: env
	$(BIN)/python -m pytest -m "not slow" $(TESTS)

test-all: env
	$(BIN)/python -m pytest $(TESTS)

lint: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

notebooks: env
	$(BIN)/python -m tools.notebooks run chapters/*.ipynb solutions/*.ipynb
	$(BIN)/d2l-ext release

book: env
	$(BIN)/python -m tools.book

lock:
	@test -x $(BIN)/uv || { $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet uv; }
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --upgrade \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache
