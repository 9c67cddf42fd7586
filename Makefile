# One target a job. Each sets up what it needs on first use; a set-up that was interrupted is completed by the next call.
.DEFAULT_GOAL := help
.PHONY: help setup run test check format emulator up lock clean

# Any Python from 3.11 on; `make PYTHON=python3.13 …` chooses another one.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := shared/backorder functions local tests

LIST ?=
KIND ?=
ARGS ?=
PORT ?= 8053

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# The stamp is written last, and `--clear` throws a half-made environment away: so an interrupted set-up starts over.
# The .pth file puts the layer and the functions where imports find them, as Lambda does.
$(READY): requirements-dev.txt requirements-nodeps.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.13 …" >&2; exit 1; }
	@echo "Setting up $(VENV) (once) …"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements-nodeps.txt
	@$(BIN)/python -c 'import pathlib, sysconfig; site = pathlib.Path(sysconfig.get_path("purelib")); up = "/".join([".."] * 4); (site / "backorder-pipeline.pth").write_text("".join(f"{up}/{folder}\n" for folder in ["shared", *(f"functions/{name}" for name in ("ingest", "plan", "submit", "reconcile"))]))'
	@touch $@

setup: $(READY) ## set up the virtual environment (the other targets do it by themselves)

run: $(READY) ## a list's whole life on this machine: LIST=file KIND=wanted|dropping ARGS="…"
	@$(BIN)/python -m local run $(if $(LIST),--list "$(LIST)") $(if $(KIND),--kind $(KIND)) $(ARGS)

up: $(READY) ## moto server with the stack deployed, and the emulator, until interrupted
	@$(BIN)/python -m local up $(ARGS)

emulator: $(READY) ## the provider's emulator alone: PORT=8053 ARGS="…"
	@$(BIN)/python -m local emulator --port $(PORT) $(ARGS)

test: $(READY) ## every test
	@$(BIN)/python -m pytest -n auto $(ARGS)

check: $(READY) ## format, lint, types, template lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/cfn-lint template.yaml

format: $(READY) ## write the format, and the fixes that lint can make by itself
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .

# `uv` resolves for every Python from 3.11 on at once; it lives in an environment of its own.
lock: ## compile the lock files anew
	@$(PYTHON) -m venv --clear build/uv && build/uv/bin/python -m pip install --quiet uv
	@build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links requirements-dev.in -o requirements-dev.txt
	@build/uv/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links shared/requirements.in -c requirements-dev.txt -o shared/requirements.txt

clean: ## remove what was made
	@rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis
