# One target a job. Each sets up what it needs on first use; a set-up that was interrupted is completed by the next call.
.DEFAULT_GOAL := help
.PHONY: help setup run simulate fuzz bench test check format lambda-python build invoke emulator up serve smoke lock clean

# Any Python from 3.11 on; `make PYTHON=python3.13 …` chooses another one.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Tools that pin what they use to the version, and Lambda's own runtime, have environments of their own.
SAM := build/sam/bin/sam
SAM_READY := build/sam/.ready
CHECKOV := build/checkov/bin/checkov
CHECKOV_READY := build/checkov/.ready
RUNTIME_READY := build/runtime/.ready
ARTEFACTS := .aws-sam/build
# Of the functions in AWS; the tests in Lambda's runtime need this machine's own.
ARCHITECTURE ?= x86_64
BUILT := .aws-sam/.built-$(ARCHITECTURE)
CODE := $(shell find functions shared -type f -not -path '*/__pycache__/*')
# The public test account, the emulator's others, and what stands where a secret belongs; tests make up passwords to look for them.
NO_SECRETS := ^(test|other|an0ther)\.passw0rd$$|^replace-me$$
NAMES_OF_SECRETS := secretsmanager:GetSecretValue|!Ref ProviderSecret|SecretString: !If
NO_SECRETS_IN := ^(requirements.*|(shared|functions/[a-z]+)/requirements)\.txt$$|^tests/
export SAM_CLI_TELEMETRY := 0

# Where Lambda's Python is, on PATH or with pyenv (whose `python3.13` starts nothing unless it is the chosen version);
# empty: nowhere. Looked for when it is first needed.
LAMBDA_PYTHON = $(eval LAMBDA_PYTHON := $(shell \
	for python in python3.13 "$$(pyenv prefix "$$(pyenv versions --bare 2>/dev/null | grep -m1 '^3\.13')" 2>/dev/null)/bin/python3.13"; \
	do "$$python" -c 'import sys; print(sys.executable)' 2>/dev/null && break; done))$(LAMBDA_PYTHON)
# What is done where it is missing: said, and in CI an error.
WITHOUT_LAMBDA_PYTHON = { echo "make: no python3.13 on PATH or in pyenv, which Lambda runs: skipped $@ and what needs it" >&2; [ "$$CI" != true ]; exit; }

LIST ?=
KIND ?=
ARGS ?=
PORT ?= 8053
SEEDS ?= 100
STACK ?=
MINUTES ?= 10
FUNCTION ?=
EVENT ?=
ENV ?= build/local-env.json

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
	@$(BIN)/python -c 'import pathlib, sysconfig; site = pathlib.Path(sysconfig.get_path("purelib")); up = "/".join([".."] * 4); (site / "backorder-pipeline.pth").write_text("".join(f"{up}/{folder}\n" for folder in ["shared", *(f"functions/{name}" for name in ("ingest", "plan", "submit", "reconcile", "fetch"))]))'
	@touch $@

# The locks name everything, so that pip has nothing to resolve; it stumbles over the extras of extras.
$(SAM_READY) $(CHECKOV_READY): build/%/.ready: requirements-%.txt
	@echo "Setting up build/$* (once) …"
	@$(PYTHON) -m venv --clear build/$*
	@build/$*/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# As Lambda's: its client and the SDK, and nothing else, not even pip.
$(RUNTIME_READY): requirements-runtime.txt
	@[ -n "$(LAMBDA_PYTHON)" ] || $(WITHOUT_LAMBDA_PYTHON); \
	echo "Setting up build/runtime (once) …"; \
	"$(LAMBDA_PYTHON)" -m venv --clear --without-pip build/runtime && \
	"$(LAMBDA_PYTHON)" -m pip --python build/runtime/bin/python install -qq --disable-pip-version-check --require-hashes --no-deps -r $< && \
	touch $@

# Compiled, since Lambda's file system takes no compiled files; valid whatever the files' times, which `sam deploy`
# changes; with the paths that they have in Lambda, so that the same sources give the same bytes on any machine.
# Without wordfreq's large lists, which nothing reads: 50 MB.
$(BUILT): $(SAM_READY) template.yaml samconfig.toml $(CODE)
	@[ -n "$(LAMBDA_PYTHON)" ] || $(WITHOUT_LAMBDA_PYTHON); \
	rm -f .aws-sam/.built*; \
	echo "Building $(ARTEFACTS) …"; \
	PATH="$(dir $(LAMBDA_PYTHON)):$$PATH" $(SAM) build --build-dir $(ARTEFACTS) --parameter-overrides Architecture=$(ARCHITECTURE) >build/sam-build.log 2>&1 || { cat build/sam-build.log >&2; exit 1; }; \
	rm -f $(ARTEFACTS)/IngestList/wordfreq/data/large_* $(ARTEFACTS)/IngestList/wordfreq/data/jieba*; \
	for folder in $(ARTEFACTS)/*/; do \
	  case $$folder in */SharedLayer/) root=/opt ;; *) root=/var/task ;; esac; \
	  PYTHONHASHSEED=0 "$(LAMBDA_PYTHON)" -m compileall -q -j 1 --invalidation-mode unchecked-hash -s "$${folder%/}" -p $$root "$${folder%/}" || exit 1; \
	done; \
	touch $@

setup: $(READY) ## set up the virtual environment (the other targets do it by themselves)

run: $(READY) ## a list's whole life on this machine: LIST=file KIND=wanted|dropping ARGS="…"
	@$(BIN)/python -m local run $(if $(LIST),--list "$(LIST)") $(if $(KIND),--kind $(KIND)) $(ARGS)

simulate: $(READY) ## seeded simulations of whole runs: SEEDS=n ARGS="…"
	@$(BIN)/python -m local simulate --seeds $(SEEDS) $(ARGS)

fuzz: $(READY) ## feed ingestion with damaged lists, broken archives and random bytes: MINUTES=n ARGS="--seed N"
	@$(BIN)/python -m local fuzz --minutes $(MINUTES) $(ARGS)

bench: $(READY) $(RUNTIME_READY) $(BUILT) ## print the benchmarks, ratios in one run: ARGS="SUBJECT…"
	@$(BIN)/python -m local bench $(ARGS)

up: $(READY) ## moto server with the stack deployed, and the emulator, until interrupted
	@$(BIN)/python -m local up $(ARGS)

serve: $(READY) ## the functions of a running `make up`, at work until interrupted
	@$(BIN)/python -m local serve $(ARGS)

smoke: $(READY) ## invented names through every station of a stack, and back: STACK=name (without: that of `make up`)
	@$(BIN)/python -m ops smoke $(if $(STACK),--stack "$(STACK)") $(ARGS)

emulator: $(READY) ## the provider's emulator alone: PORT=8053 ARGS="…"
	@$(BIN)/python -m local emulator --port $(PORT) $(ARGS)

test: $(READY) $(RUNTIME_READY) $(BUILT) ## every test
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# Said before anything is set up.
lambda-python:
	@[ -n "$(LAMBDA_PYTHON)" ] || { echo "make build: needs python3.13, which Lambda runs, on PATH or in pyenv" >&2; exit 1; }

build: lambda-python $(BUILT) ## the layer and the functions as they are deployed, with `sam build`: ARCHITECTURE=x86_64|arm64
	@for folder in $(ARTEFACTS)/*/; do find $$folder -type f -exec cat {} + | wc -c | awk '{printf "%5.1f MB  '$$folder'\n", $$1 / 1e6}'; done

invoke: $(READY) $(BUILT) ## a built function in a container, on the stack of `make up`: FUNCTION=id EVENT=file ENV=file ARGS="…"
	@$(BIN)/python -m local.invoke "$(FUNCTION)" --event "$(EVENT)" --env "$(ENV)" $(ARGS)

check: $(READY) $(SAM_READY) $(CHECKOV_READY) ## format, lint, types, template lint, security
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/cfn-lint template.yaml network.yaml
	@$(BIN)/python -m pytest -q tests/unit/test_template.py::test_the_translated_template_has_no_lint
	@$(SAM) validate --lint --region us-east-1 >build/sam-validate.log 2>&1 || { cat build/sam-validate.log >&2; exit 1; }
	@$(CHECKOV) --framework cloudformation --file template.yaml network.yaml --skip-download --quiet --compact
	@build/checkov/bin/bandit --quiet --recursive --configfile pyproject.toml functions shared local ops
	@git ls-files -z | xargs -0 build/checkov/bin/detect-secrets-hook --exclude-files '$(NO_SECRETS_IN)' --exclude-secrets '$(NO_SECRETS)' --exclude-lines '$(NAMES_OF_SECRETS)'

format: $(READY) ## write the format, and the fixes that lint can make by itself
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .

# `uv` resolves for every Python from 3.11 on at once; it lives in an environment of its own.
lock: ## compile the lock files anew
	@$(PYTHON) -m venv --clear build/uv && build/uv/bin/python -m pip install --quiet uv
	@build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links requirements-dev.in -o requirements-dev.txt
	@build/uv/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links shared/requirements.in -c requirements-dev.txt -o shared/requirements.txt
	@for function in ingest reconcile; do build/uv/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links functions/$$function/requirements.in -c requirements-dev.txt -o functions/$$function/requirements.txt || exit 1; done
	@for tool in sam checkov; do build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links requirements-$$tool.in -o requirements-$$tool.txt || exit 1; done
	@build/uv/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links requirements-runtime.in -c requirements-dev.txt -o requirements-runtime.txt

clean: ## remove what was made
	@rm -rf $(VENV) build .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis
