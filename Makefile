# Two commands are enough on a fresh machine with python3 (3.11 or newer), pip and make:
#   make report   client reports of the sample engagement, in reports/
#   make test     the whole test suite
PYTHON ?= python3
ENGAGEMENT ?= data_samples/harbour_home
ARGS ?=

UV := .tools/uv/bin/uv
BIN := .venv/bin
STAMP = .venv/.ready-$(1)
export UV_PYTHON_DOWNLOADS := never
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export UV_NO_PROGRESS := 1
export VIRTUAL_ENV := $(CURDIR)/.venv

.DEFAULT_GOAL := help
.PHONY: help setup report test test-engines lab lint doctor bench bench-all scale hit-rates lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z].*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(call STAMP,report)  ## install what reports need, into this folder only

report: $(call STAMP,report)  ## turn the sample engagement into client reports
	@$(BIN)/cx run $(ENGAGEMENT) $(ARGS)

test: $(call STAMP,test)  ## run the whole test suite, but for what test-engines runs
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not spark" $(ARGS)

test-engines: $(call STAMP,engines)  ## run the tests on a Spark cluster (needs Java, fetches 450 MB)
	@$(BIN)/python -m pytest -m spark tests/engines $(ARGS)

lab: $(call STAMP,lab)  ## open JupyterLab on the notebooks
	@$(BIN)/cx lab $(ENGAGEMENT)

lint: $(call STAMP,test)  ## style, types and notebook rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

doctor: $(call STAMP,report)  ## is this machine able to make reports?
	@$(BIN)/cx doctor

bench: $(call STAMP,test)  ## one table of ratios: against papermill, a plain script, DuckDB by hand, tea-tasting
	@$(BIN)/python tests/benchmarks/table.py $(ARGS)

bench-all: bench  ## the same, then the long ones: 10 million rows, memory, drivers, voice
	@$(BIN)/python tests/benchmarks/row_texts.py
	@$(BIN)/python tests/benchmarks/row_texts.py --memory
	@$(BIN)/python tests/benchmarks/drivers.py
	@$(BIN)/python tests/benchmarks/voice.py

scale: $(call STAMP,engines)  ## rows against time and memory: pandas, DuckDB, Spark (needs Java)
	@$(BIN)/python tests/benchmarks/scale.py $(ARGS)

hit-rates: $(call STAMP,test)  ## count over many seeds how much of what the sample plants is found
	@$(BIN)/python tests/simulation/hit_rates.py --write

environment.yml: pyproject.toml $(call STAMP,test)
	@$(BIN)/pyproject2conda yaml -e lab --python-include infer --name cx-workbook -w force -o $@

lock: $(UV)  ## renew requirements.lock from pyproject.toml
	@$(UV) pip compile pyproject.toml --all-extras --universal --python-version 3.11.2 \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

clean:  ## remove the environment, caches and reports made here
	@rm -rf .venv .tools .cache reports

# uv comes from pip into this folder: no root, no venv module, no permission of the system's Python.
$(UV): requirements.lock
	@echo "set-up 1/3  fetching the installer"
	@mkdir -p .tools
	@sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ /p}' requirements.lock > .tools/uv.txt
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
	  --root-user-action=ignore --upgrade --require-hashes --no-deps --target .tools/uv -r .tools/uv.txt
	@touch $(UV)

.venv/bin/python: $(UV)
	@$(UV) venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv

$(call STAMP,report): EXTRAS = --extra setup
$(call STAMP,lab): EXTRAS = --extra setup --extra lab
$(call STAMP,test): EXTRAS = --extra setup --extra office --extra postgres --extra cluster --extra dev
$(call STAMP,engines): EXTRAS = --extra setup --extra office --extra cluster --extra spark --extra dev
.venv/.ready-%: .venv/bin/python requirements.lock pyproject.toml
	@echo "set-up 2/3  installing locked packages ($*)"
	@$(UV) pip install --quiet --require-hashes --compile-bytecode --constraint requirements.lock \
	  -r pyproject.toml $(EXTRAS)
	@$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@echo "set-up 3/3  looking at this machine"
	@$(BIN)/cx doctor
	@touch $@
