# One target a job. Each sets up what it needs on first use; a set-up that was interrupted is completed by the next call.
.DEFAULT_GOAL := help
.PHONY: help setup run simulate fuzz bench test soak check format lambda-python build deploy-check mutants invoke emulator up serve smoke lock clean

# Any Python from 3.11 on; `make PYTHON=python3.13 …` chooses another one.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Tools that pin what they use to the version, and Lambda's own runtime, have environments of their own.
UV := build/uv/bin/uv
UV_READY := build/uv/.ready
# An account without a home (a service's: /nonexistent) has no place for uv's cache.
ifeq ($(wildcard $(HOME)/.),)
export UV_CACHE_DIR ?= $(CURDIR)/build/uv-cache
endif
# The proxy of a company is trusted by the machine, and by nothing that comes along with uv; pip asks the machine as well.
export UV_SYSTEM_CERTS ?= 1
SAM := build/sam/bin/sam
SAM_READY := build/sam/.ready
CHECKOV := build/checkov/bin/checkov
CHECKOV_READY := build/checkov/.ready
DYNALITE_READY := build/dynalite/.ready
DEPLOY_CHECK_READY := build/deploy-check/.ready
MUTANTS_READY := build/mutants/.ready
RUNTIME_READY := build/runtime/.ready
ARTEFACTS := .aws-sam/build
# Of the functions in AWS; the tests in Lambda's runtime need this machine's own.
ARCHITECTURE ?= x86_64
BUILT := .aws-sam/.built-$(ARCHITECTURE)
CODE := $(shell find functions shared -type f -not -path '*/__pycache__/*')
# The public test account, the emulator's others, and what stands where a secret belongs; tests make up passwords to look for them.
NO_SECRETS := ^(test|other|an0ther)\.passw0rd$$|^replace-me$$
NAMES_OF_SECRETS := secretsmanager:GetSecretValue|!Ref ProviderSecret|SecretString: !If
NO_SECRETS_IN := ^(requirements/.*|(shared|functions/[a-z]+)/requirements)\.txt$$|^tests/
export SAM_CLI_TELEMETRY := 0
# Containers like to forbid compiled files: then each of a test run's processes compiles a thousand modules again.
unexport PYTHONDONTWRITEBYTECODE

# Where Lambda's Python is, on PATH or with pyenv (whose `python3.13` starts nothing unless it is the chosen version);
# empty: nowhere. Looked for when it is first needed.
LAMBDA_PYTHON = $(eval LAMBDA_PYTHON := $(shell \
	for python in python3.13 "$$(pyenv prefix "$$(pyenv versions --bare 2>/dev/null | grep -m1 '^3\.13')" 2>/dev/null)/bin/python3.13"; \
	do "$$python" -c 'import sys; print(sys.executable)' 2>/dev/null && break; done))$(LAMBDA_PYTHON)
# What is done where it is missing: said, and in CI an error.
WITHOUT_LAMBDA_PYTHON = { echo "make: no python3.13 on PATH or in pyenv, which Lambda runs: skipped $@ and what needs it" >&2; [ "$$CI" != true ]; exit; }

# One more than there are processors: a quarter of the tests' time is spent waiting for a process or a browser.
TESTERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
LIST ?=
KIND ?=
ARGS ?=
PORT ?= 8053
SEEDS ?= 100
STACK ?=
MINUTES ?= 10
FUNCTION ?=
MODULE ?=
EVENT ?=
ENV ?= build/local-env.json

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# uv makes the environments: seconds where pip takes a minute. What makes uv is pip, so both check the same hashes.
# `build/uv` may stay empty: no wheel of uv fits this machine, or this Python has no pip.
$(UV_READY): requirements/uv.txt
	@rm -rf $(@D) && mkdir -p $(@D)
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: --target $(@D) -r $< 2>$(@D)/pip.log || true
	@touch $@

# $(call environment,FOLDER,PYTHON,LOCK FILES) makes an environment of exactly what the lock files name. Where uv is missing,
# or fails (it does not read pip's settings: a mirror, say), pip does it. It begins with nothing, and each environment's
# stamp is written last: so an interrupted set-up starts over.
environment = echo "Setting up $(1) (once) …" && rm -rf "$(1)" && interpreter=$$("$(2)" -c 'import sys; print(sys.executable)') && { \
	{ $(UV) venv --quiet --no-project --no-python-downloads --python "$$interpreter" "$(1)" && \
	  $(UV) pip install --quiet --python "$(1)/bin/python" --require-hashes --no-deps $(3:%=-r %); } 2>build/uv.log || { \
	echo "make: uv did not set up $(1) (build/uv.log says why); pip does, which takes longer" >&2 && \
	"$$interpreter" -m venv --clear --without-pip "$(1)" && \
	"$$interpreter" -m pip --python "$(1)/bin/python" install -qq --disable-pip-version-check --require-hashes --no-deps $(3:%=-r %); }; }

# The .pth file puts the layer and the functions where imports find them, as Lambda does.
$(READY): requirements/dev.txt requirements/nodeps.txt | $(UV_READY)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.13 …" >&2; exit 1; }
	@$(call environment,$(VENV),$(PYTHON),$^)
	@$(BIN)/python -c 'import pathlib, sysconfig; site = pathlib.Path(sysconfig.get_path("purelib")); up = "/".join([".."] * 4); (site / "backorder-pipeline.pth").write_text("".join(f"{up}/{folder}\n" for folder in ["shared", *(f"functions/{name}" for name in ("ingest", "plan", "submit", "reconcile", "fetch"))]))'
	@touch $@

# What starts often, or what a start is measured with, is compiled at once.
$(READY) $(RUNTIME_READY): export UV_COMPILE_BYTECODE := 1

$(SAM_READY) $(CHECKOV_READY) $(DEPLOY_CHECK_READY) $(MUTANTS_READY): build/%/.ready: requirements/%.txt | $(UV_READY)
	@$(call environment,$(@D),$(PYTHON),$<)
	@touch $@

# As Lambda's: its client and the SDK, and nothing else, not even pip.
$(RUNTIME_READY): requirements/runtime.txt | $(UV_READY)
	@[ -n "$(LAMBDA_PYTHON)" ] || $(WITHOUT_LAMBDA_PYTHON); \
	$(call environment,$(@D),$(LAMBDA_PYTHON),$<) && touch $@

# The user's own, so git ignores it: `sam deploy --guided` keeps its answers there.
samconfig.toml:
	@cp samconfig.example.toml $@

# A DynamoDB that is not moto, for the store's contract tests, which are skipped without it.
$(DYNALITE_READY): tests/contract/dynalite/package-lock.json tests/contract/dynalite/package.json
	@command -v npm >/dev/null || { echo "make: no npm on PATH: skipped $@, and the store's contract tests that need it" >&2; exit; }; \
	echo "Setting up $(@D) (once) …"; \
	rm -rf $(@D) && mkdir -p $(@D) && cp $^ $(@D) && cd $(@D) && npm ci --silent --ignore-scripts --no-audit --no-fund && touch $(@F)

# Compiled, since Lambda's file system takes no compiled files; valid whatever the files' times, which `sam deploy`
# changes; with the paths that they have in Lambda, so that the same sources give the same bytes on any machine.
# Without wordfreq's large lists, which nothing reads: 50 MB.
$(BUILT): $(SAM_READY) template.yaml $(CODE) | samconfig.toml
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
	@$(BIN)/python -m tools simulate --seeds $(SEEDS) $(ARGS)

fuzz: $(READY) ## feed ingestion with damaged lists, broken archives and random bytes: MINUTES=n ARGS="--seed N"
	@$(BIN)/python -m tools fuzz --minutes $(MINUTES) $(ARGS)

bench: $(READY) $(RUNTIME_READY) $(BUILT) ## print the benchmarks, ratios in one run: ARGS="SUBJECT…"
	@$(BIN)/python -m tools bench $(ARGS)

up: $(READY) ## moto server with the stack deployed, and the emulator, until interrupted
	@$(BIN)/python -m local up $(ARGS)

serve: $(READY) ## the functions of a running `make up`, at work until interrupted
	@$(BIN)/python -m local serve $(ARGS)

smoke: $(READY) ## invented names through every station of a stack, and back: STACK=name (without: that of `make up`)
	@$(BIN)/python -m ops smoke $(if $(STACK),--stack "$(STACK)") $(ARGS)

emulator: $(READY) ## the provider's emulator alone: PORT=8053 ARGS="…"
	@$(BIN)/python -m local emulator --port $(PORT) $(ARGS)

test: $(READY) $(RUNTIME_READY) $(DYNALITE_READY) $(BUILT) ## every test but those of `make soak`
	@$(BIN)/python -m pytest -n $(TESTERS) --dist worksteal -m "not soak" --durations 10 $(ARGS)

soak: $(READY) $(RUNTIME_READY) $(BUILT) ## hundreds of seeds, searches, ten times the examples, kills, growth of memory, ten minutes of fuzz: MINUTES=n
	@$(BIN)/python -m pytest -n auto --dist worksteal -m soak --durations 10 $(ARGS)
	@$(BIN)/python -m pytest -n auto --dist worksteal -m "hypothesis and not soak" --hypothesis-profile search -q $(ARGS)
	@$(BIN)/python -m tools fuzz --minutes $(MINUTES)

# Said before anything is set up.
lambda-python:
	@[ -n "$(LAMBDA_PYTHON)" ] || { echo "make: needs python3.13, which Lambda runs, on PATH or in pyenv" >&2; exit 1; }

build: lambda-python $(BUILT) ## the layer and the functions as they are deployed, with `sam build`: ARCHITECTURE=x86_64|arm64
	@for folder in $(ARTEFACTS)/*/; do find $$folder -type f -exec cat {} + | wc -c | awk '{printf "%5.1f MB  '$$folder'\n", $$1 / 1e6}'; done

deploy-check: lambda-python $(READY) $(SAM_READY) $(RUNTIME_READY) $(DEPLOY_CHECK_READY) $(BUILT) ## what was built, deployed, updated and removed in an emulator of AWS
	@$(BIN)/python -m tools deploy-check

mutants: $(READY) $(MUTANTS_READY) ## plant bugs in a pure module, and name those that no test notices: MODULE=shared/backorder/domain/schedule.py
	@[ -n "$(MODULE)" ] || { echo "make mutants: MODULE=… names a module of tools/mutants/modules.toml" >&2; exit 2; }
	@$(BIN)/python -m tools mutants "$(MODULE)"

invoke: $(READY) $(BUILT) ## a built function in a container, on the stack of `make up`: FUNCTION=id EVENT=file ENV=file ARGS="…"
	@$(BIN)/python -m local.stack.invoke "$(FUNCTION)" --event "$(EVENT)" --env "$(ENV)" $(ARGS)

check: $(READY) $(SAM_READY) $(CHECKOV_READY) ## format, lint, types, template lint, security
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/cfn-lint template.yaml network.yaml
	@$(BIN)/python -m pytest -q tests/unit/test_template.py::test_the_translated_template_has_no_lint
	@$(SAM) validate --lint --region us-east-1 >build/sam-validate.log 2>&1 || { cat build/sam-validate.log >&2; exit 1; }
	@$(CHECKOV) --framework cloudformation --file template.yaml network.yaml --skip-download --quiet --compact
	@build/checkov/bin/bandit --quiet --recursive --configfile pyproject.toml functions shared local tools ops
	@git ls-files -z | xargs -0 build/checkov/bin/detect-secrets-hook --exclude-files '$(NO_SECRETS_IN)' --exclude-secrets '$(NO_SECRETS)' --exclude-lines '$(NAMES_OF_SECRETS)'

format: $(READY) ## write the format, and the fixes that lint can make by itself
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .

# For every Python from 3.11 on at once, or from the one that Lambda runs.
compile = $(UV) pip compile --quiet --universal --python-version $(1) --generate-hashes --no-emit-index-url --no-emit-find-links
lock: $(UV_READY) ## compile the lock files anew
	@$(call compile,3.11) requirements/dev.in -o requirements/dev.txt
	@for tool in sam checkov deploy-check mutants uv; do $(call compile,3.11) requirements/$$tool.in -o requirements/$$tool.txt || exit 1; done
	@for lock in shared/requirements functions/ingest/requirements functions/reconcile/requirements requirements/runtime; do \
	  $(call compile,3.13) $$lock.in -c requirements/dev.txt -o $$lock.txt || exit 1; done
	@cd tests/contract/dynalite && npm install --silent --package-lock-only --ignore-scripts --no-audit --no-fund

clean: ## remove what was made
	@rm -rf $(VENV) build .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis
