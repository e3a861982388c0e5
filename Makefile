# Everything is built in .venv and build/; `make help` lists the targets.
# PYTHON picks the interpreter of a new .venv: make test PYTHON=python3.12

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/.stamps
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input -q
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)

# What decides whether an installed package is still the one of this tree.
PROJECT := pyproject.toml constraints.txt setup.py
NATIVE  := $(shell find cpp/include cpp/src bindings -type f 2>/dev/null)
CXX_TESTS := $(shell find cpp -type f 2>/dev/null)
CXX_FILES := $(shell find cpp bindings examples/cpp \( -name '*.h' -o -name '*.hpp' -o -name '*.cc' -o -name '*.cpp' \) 2>/dev/null)

DEMO_VIDEO := examples/data/demo.mp4
DEMO_OUT   := out/demo

.PHONY: help demo test lint format cpp-test clean distclean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMPS)/demo ## Run the demo video through the demo model, into out/demo
	@$(BIN)/mol-edge run $(DEMO_VIDEO) --out $(DEMO_OUT)
	@echo "Open $(DEMO_OUT)/annotated.mp4 and timeline.png; the numbers are in results.jsonl, events.csv and probabilities.csv beside them."

test: $(STAMPS)/dev lint cpp-test ## Check style and types, run the C++ and the Python tests
	@$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4 --dist loadfile

lint: $(STAMPS)/dev ## Check style, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(if $(CXX_FILES),$(BIN)/clang-format --dry-run --Werror $(CXX_FILES),:)

format: $(STAMPS)/dev ## Format Python and C++
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format .
	@$(if $(CXX_FILES),$(BIN)/clang-format -i $(CXX_FILES),:)

cpp-test: $(STAMPS)/dev ## Build and run the C++ tests, plain and with sanitizers
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/cpp-tests

clean: ## Remove what was built, keep .venv
	rm -rf build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -f mol_edge/_core*.so $(STAMPS)/demo $(STAMPS)/dev
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## Remove .venv as well
	rm -rf $(VENV)

# The first interpreter that is new enough and can make a virtual environment.
$(BIN)/python:
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.10); do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$("$$python" --version)"; \
	    exec "$$python" -m venv $(VENV); \
	  fi; \
	done; \
	echo "mol-edge needs Python 3.10 or newer with its venv module: install it, or name one with PYTHON=." >&2; \
	exit 1

# Built without isolation, so that the build uses the constrained versions too.
$(STAMPS)/build: $(PROJECT) | $(BIN)/python
	@mkdir -p $(STAMPS)
	@$(PIP) install -c constraints.txt setuptools wheel pybind11
	@touch $@

$(STAMPS)/demo: $(STAMPS)/build $(NATIVE)
	@echo "Installing mol-edge with what the demo needs: fetching it and compiling take some minutes"
	@$(PIP) install --no-build-isolation -c constraints.txt -e ".[cpu,cli]"
	@touch $@

$(STAMPS)/dev: $(STAMPS)/build $(NATIVE)
	@echo "Installing mol-edge with everything the tests need: fetching it and compiling take some minutes"
	@$(PIP) install --no-build-isolation -c constraints.txt \
	  -e ".[cpu,openvino,cli,train,export,dev]"
	@touch $@ $(STAMPS)/demo
