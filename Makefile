# Every target creates and fills the virtual environment it needs. Another Python: make book PYTHON=python3.12
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: help book test lint exercises repository bench timings clean

help:
	@echo "make book        build the whole book, executed, and print the page to open"
	@echo "make test        every test: library, notebooks, exercises, built book"
	@echo "make lint        ruff and mypy"
	@echo "make exercises   derive the student notebooks from the solutions"
	@echo "make repository  set the repository's address from the git remote"
	@echo "make bench       measured comparisons"
	@echo "make timings     measure notebooks and claims for the reference pages"
	@echo "make clean       remove what was built (the virtual environment stays)"

book: $(VENV)/.book
	$(BIN)/python tools/book.py

# Notebooks and pages are tested at the smallest budget; library tests run side by side, files as units, each on one
# thread: two threads a worker would wait for each other.
test: $(VENV)/.test
	@$(BIN)/python tools/browser.py >/dev/null
	$(MAKE) --no-print-directory lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile ganbook tests --ignore=tests/notebooks --ignore=tests/book
	$(BIN)/python -m pytest tests/notebooks tests/book

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

exercises: $(VENV)/.book
	$(BIN)/python tools/exercises.py student
	$(BIN)/python tools/exercises.py table

repository: $(VENV)/.book
	$(BIN)/python tools/repository.py

bench: $(VENV)/.test
	set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

timings: $(VENV)/.book
	$(BIN)/python tools/measure.py

clean:
	rm -rf _build node_modules book/_static/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis

# One stamp for each extra: it is made again when pyproject.toml changed. `test` includes `book`.
$(VENV)/.book $(VENV)/.test: $(VENV)/.%: pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ganbook needs Python 3.11 or newer; choose one: make PYTHON=python3.12")' \
	  && $(PYTHON) -m venv --clear $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$*]'
	@touch $@
