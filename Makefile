# `make` alone lists the targets.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Install into the environment, whatever the user's own pip settings say.
unexport PIP_TARGET PIP_PREFIX PIP_ROOT
INSTALL := -m pip install --no-user --quiet --disable-pip-version-check
PIP_INSTALL := $(BIN)/python $(INSTALL) -c constraints.txt

.PHONY: help install up registry images images-test cluster-test test test-all bench soak lint constraints clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# Two stamp files, so that `make up` does not install the test tools.
$(VENV)/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (TensorFlow is a large download the first time) ..."
	@$(PIP_INSTALL) -e '.[client,heif,serving,training,local]'
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@$(PIP_INSTALL) -e '.[client,heif,postgres,serving,training,local,dev]'
	@touch $@

install: $(VENV)/.run ## Create .venv and install everything that runs

up: $(VENV)/.run ## Start the service on port 3333 (Ctrl-C stops it)
	@$(BIN)/python -m local up

registry: ## Set the registry of the images in deploy/: make registry REGISTRY=registry.example.org/team
	@$(PYTHON) deploy/set_registry.py "$(REGISTRY)"

images: ## Build the container images: make images REGISTRY=registry.example.org/team TAG=v1
	@$(PYTHON) Dockerfiles/build.py --registry "$(or $(REGISTRY),colorway)" --tag "$(or $(TAG),v1)" $(IMAGES)

# A separate environment: what is tested is in the images, so TensorFlow is not needed here.
.cache/images-test/.done: constraints.txt
	@test -x .cache/images-test/bin/python || $(PYTHON) -m venv .cache/images-test
	@.cache/images-test/bin/python $(INSTALL) -c constraints.txt pytest pillow
	@touch $@

images-test: .cache/images-test/.done ## Build every image and run it; needs root on Debian, takes minutes
	@sh tests/images/prepare.sh
	@IMAGES_TEST=1 .cache/images-test/bin/python -m pytest -x -vv -s tests/images/test_run_*.py

cluster-test: $(VENV)/.dev ## Test the rendered objects on your cluster: CLUSTER_LOAD="kind load docker-image"
	@CLUSTER_LOAD="$(CLUSTER_LOAD)" $(BIN)/python -u -m tests.cluster $(STEPS)

# tests/conftest.py orders the files.
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 20

test: $(VENV)/.dev ## The tests, under 8 minutes
	$(PYTEST) -m "not slow"

test-all: $(VENV)/.dev ## The slow tests: long faults, browsers, the TensorFlow 2.1.0 runtime
	$(PYTEST) -m slow

bench: $(VENV)/.dev ## Measure the service on this machine, side by side in one run
	$(BIN)/python -m bench

soak: $(VENV)/.dev ## Test robustness: hostile uploads, overload, slow callers, a failing model, SIGTERM
	$(BIN)/python -m soak

lint: $(VENV)/.dev ## Style, imports, docstrings (ruff) and types (mypy)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

constraints: ## Pin the versions that a fresh environment gets, in constraints.txt
	@rm -rf .cache/constraints-venv && $(PYTHON) -m venv .cache/constraints-venv
	@.cache/constraints-venv/bin/python $(INSTALL) '.[client,heif,postgres,serving,training,local,dev]'
	@.cache/constraints-venv/bin/python -m pip freeze --exclude colorway | grep '==' > constraints.txt
	@rm -rf .cache/constraints-venv
	@echo "constraints.txt: $$(wc -l < constraints.txt) packages"

clean: ## Remove .venv and caches
	rm -rf $(VENV) .cache build *.egg-info .pytest_cache .ruff_cache .mypy_cache
