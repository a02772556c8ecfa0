# Every target creates and fills the virtual environment it needs. Another Python: make book PYTHON=python3.12
# On Linux PyPI's PyTorch brings 3.2 GB of CUDA along. Without it: make book TORCH=cpu (or another of PyTorch's indexes)
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP = $(BIN)/python -m pip install --disable-pip-version-check

.PHONY: help install book pdf epub test lint bounds dist image image-check version version-check workflows colab exercises repository bench timings clean

help:
	@echo "make book        build the whole book, executed, and print the page to open"
	@echo "make pdf         the whole book as one PDF (needs Chromium)"
	@echo "make epub        the whole book as an EPUB (needs Chromium)"
	@echo "make test        every test: library, notebooks, exercises, built book; a table at the end"
	@echo "make lint        ruff, mypy, and what checks the pages' own code"
	@echo "make install     the environment of all that, and nothing else"
	@echo "make bounds      the library at both ends of its ranges on each Python; PYTHONS=3.12 ENDS=lowest for one of them"
	@echo "make dist        wheel and source distribution in dist/, built twice and compared"
	@echo "make image       JupyterLab with the course in a container image; DOCKER=podman where that is what you have"
	@echo "make version     VERSION=X.Y.Z: a new version, in all places that name it"
	@echo "make workflows   the steps of GitHub's workflows, in a clean clone; ONLY=lint for some of them"
	@echo "make colab       what installing the course on Colab would change there"
	@echo "make exercises   derive the student notebooks from the solutions"
	@echo "make repository  set the repository's address from the git remote"
	@echo "make bench       measured comparisons in one table; those of hours are read, or with FULL=1 played"
	@echo "make timings     measure notebooks and claims for the reference pages"
	@echo "make clean       remove what was built (the virtual environment stays)"

book: $(VENV)/.book
	$(BIN)/python tools/book.py

pdf epub: book
	$(BIN)/python tools/browser.py --get
	$(BIN)/python tools/$@.py

# Notebooks and pages are tested at the smallest budget. Some parts only: make test PARTS="library notebooks"
test: $(VENV)/.test
	$(BIN)/python tools/run_tests.py $(PARTS)

lint: $(VENV)/.test
	$(BIN)/python tools/run_tests.py style types web

install: $(VENV)/.test

# An environment of its own for each end on each Python, made by uv: nothing but uv is needed here.
bounds: $(VENV)/.bounds
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python tools/bounds.py \
	  $(if $(PYTHONS),--python $(PYTHONS)) $(if $(ENDS),--end $(ENDS)) $(if $(TESTS),-- $(TESTS))

# With TAG=vX.Y.Z it is also checked that the tag is the version's. Tests are tried from the source distribution.
dist: $(VENV)/.test $(VENV)/.release
	$(BIN)/python tools/dist.py

# No environment. Where PyTorch's own index cannot be reached, TORCH_INDEX=https://pypi.org/simple: CUDA comes along then.
DOCKER ?= docker
image:
	$(DOCKER) build --file .binder/Dockerfile --tag ganbook $(if $(TORCH_INDEX),--build-arg TORCH_INDEX=$(TORCH_INDEX)) .

image-check: image
	$(DOCKER) run --rm --env GANBOOK_BUDGET=smoke ganbook jupyter execute $(addprefix book/game/,two_players.ipynb minimax.ipynb)

# Only Python itself is needed, and for the setup cells of notebooks nbformat, which the environment of the book has.
version: $(VENV)/.book
	$(BIN)/python tools/release.py set $(VERSION)

# BASE: what the change is compared with, a commit or a branch.
version-check:
	$(PYTHON) tools/release.py check $(if $(BASE),--since $(BASE))

workflows: $(VENV)/.test
	$(BIN)/python tools/workflows.py $(if $(ONLY),--only $(ONLY))

colab: $(VENV)/.release
	$(BIN)/python tools/colab.py

exercises: $(VENV)/.book
	$(BIN)/python tools/exercises.py student
	$(BIN)/python tools/exercises.py table

# No environment: a fork has installed nothing yet.
repository:
	$(PYTHON) tools/repository.py

# What takes hours is read from its kept result, and the table says of which day. To play what is missing: make bench FULL=1
bench: $(VENV)/.test
	$(BIN)/python -m benchmarks $(if $(FULL),--full)

timings: $(VENV)/.book
	$(BIN)/python tools/measure.py --timings

clean:
	rm -rf _build node_modules book/_static/vendor book/_static/web .pytest_cache .mypy_cache .ruff_cache .hypothesis

define ENVIRONMENT
@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ganbook needs Python 3.11 or newer; choose one: make PYTHON=python3.12")' \
  && $(PYTHON) -m venv --clear $(VENV); }
endef

# One stamp for each extra: it is made again when pyproject.toml changed. `test` includes `book`.
$(VENV)/.book $(VENV)/.test: $(VENV)/.%: pyproject.toml
	$(ENVIRONMENT)
	$(if $(TORCH),$(PIP) torch torchvision --index-url https://download.pytorch.org/whl/$(TORCH))
	$(PIP) -e '.[$*]'
	@touch $@

# One for each group of tools, which need neither PyTorch nor ganbook.
$(VENV)/.bounds $(VENV)/.release: $(VENV)/.%: pyproject.toml
	$(ENVIRONMENT)
	$(PIP) 'pip>=25.1'
	$(PIP) --group $*
	@touch $@
