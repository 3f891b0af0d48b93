# Works with GNU make 3.81, which macOS ships, and needs nothing but a Python of 3.11 or newer.

VENV := .venv
PYTHON ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary :all:
UV_GROUP = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" $(ARGS)
UV_COMPILE = $(UV_GROUP) pyproject.toml
OPENAPI = build/openapi/api.github.com.json
API_TESTS = tests/fake_github $(wildcard tests/integration/test_github*.py tests/integration/test_comment*.py)
WORKFLOWS = $(wildcard .github/workflows/*.yml workflows/*.yml)
WORKFLOW_LINT = tools/workflow_lint
TYPESCRIPT = tools/typescript
WORKFLOW_LINTER = build/workflow-lint.cjs
LOCKS = requirements/*.txt tools/*/package-lock.json
DOCS_BLOCKS = build/docs-blocks
ACTIONS = action.yml composite/action.yml handoff/action.yml setup/action.yml
ISSUE_FORMS = $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
NIGHTS = tests/e2e/test_nightly.py tests/e2e/test_hostile_night.py

ARCH ?= $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,amd64)

.DELETE_ON_ERROR:
.PHONY: help format generate test test-thorough api-test openapi demo night lint image-test conformance lock clean
.PHONY: docs screenshots docs-blocks emitter-test browser-test trends-demo first-day silence
.PHONY: bench comment-bench record-bench determinism-bench night-bench merge-bench duplicate-keys-bench canary-bench
.PHONY: release-check release-image release-packages release-commit release-publish
.PHONY: own-night-bench audit actions-lock actions-check
.PHONY: fuzz pattern-bench trends-store-bench trends-gate-bench page-bench doctor-bench emitter-bench formats-bench
.PHONY: mutants
.PHONY: foreign foreign-day power-bench seeds-bench load-bench audit-store

help: ## say what there is
	@echo "make TARGET [ARGS=\"…\"] [PYTHON=/path/to/python]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s%s\n", $$1, $$2}' Makefile

test: $(VENV)/test.done ## run the unit and integration tests, or those of T=path
	@$(BIN)/python -m pytest -q -n auto --dist worksteal $(or $(T),tests/unit tests/integration tests/docs tests/fake_github) $(ARGS)

api-test: $(VENV)/test.done $(OPENAPI) ## hold all traffic with the fake GitHub to GitHub's own OpenAPI description
	@VOPR_OPENAPI=$(OPENAPI) $(BIN)/python -m pytest -q -n auto $(API_TESTS) $(ARGS)

openapi: $(OPENAPI) ## fetch that description, once (needs npm)

demo: $(VENV)/test.done ## judge two real simulator runs, one that fails and one that passes
	@$(BIN)/python examples/demo.py $(ARGS)

docs-blocks: $(VENV)/test.done ## count the code blocks of the documentation that are run, and that are linted
	@PYTHONPATH=. $(BIN)/python tools/docs_blocks.py

night: $(VENV)/test.done ## play a whole night of the example simulator (ARGS="--features drop-disabled" makes it red)
	@$(BIN)/python -m vopr_coverage night --config $(or $(CONFIG),examples/configs/simulator.yml) --nights build/nights $(ARGS)

fuzz: $(VENV)/fuzz.done ## take changed and drawn inputs to every door for data, for MINUTES=1, or INPUTS=5000000 in all (ARGS=--help)
	@PYTHONPATH=. $(BIN)/python -m tools.fuzzing $(if $(INPUTS),--inputs $(INPUTS),--minutes $(or $(MINUTES),1)) $(ARGS)

mutants: $(VENV)/mutants.done ## change the judges, and count the changes that no unit test notices (MINUTES=60 ARGS="gates/pairs.py")
	@$(BIN)/python -m tools.mutants --minutes $(or $(MINUTES),60) $(ARGS)

power-bench: $(VENV)/test.done ## measure how often a lost point is called so, and what hits seed by seed cost (ARGS="--seeds 1000000")
	@PYTHONPATH=. $(BIN)/python benchmarks/power.py $(ARGS)

trends-demo: $(VENV)/test.done ## draw two invented years of nights into build/trends-demo
	@$(BIN)/python examples/trends_demo.py --out build/trends-demo $(ARGS)

browser-test: $(VENV)/test.done ## open the page of a history in a headless Chromium (Debian: chromium, chromium-driver)
	@$(BIN)/python -m pytest -q tests/browser $(ARGS)

docs: $(VENV)/docs.done ## build the documentation as a site into build/site, with all links checked (ARGS=--serve: and serve it)
	@PYTHONPATH=. $(BIN)/python tools/docs_site.py $(ARGS)

screenshots: $(VENV)/test.done ## take the pictures of the documentation anew (Debian: chromium, chromium-driver, fonts-noto-color-emoji)
	@PYTHONPATH=. $(BIN)/python tools/screenshots.py $(ARGS)

generate: $(VENV)/test.done ## write what is generated: composite/action.yml, docs/cli.md, docs/config-keys.md, docs/inputs.md
	@PYTHONPATH=. $(BIN)/python tools/cli_reference.py
	@PYTHONPATH=. $(BIN)/python tools/config_reference.py
	@PYTHONPATH=. $(BIN)/python tools/inputs_reference.py
	@$(BIN)/python tools/composite_action.py

format: $(VENV)/lint.done ## format the code, and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/lint.done $(WORKFLOW_LINTER) ## format, rules, types, workflows, actions, issue forms, shell (needs npm)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PATH="$(BIN):$$PATH" actionlint $(WORKFLOWS)
	$(BIN)/zizmor --offline --quiet --no-progress --persona pedantic --strict-collection $(WORKFLOWS) $(ACTIONS) .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions $(ACTIONS)
	node $(WORKFLOW_LINTER) $(WORKFLOWS) $(ACTIONS)
	node --test --test-reporter=spec $(WORKFLOW_LINT)/lint.test.mjs
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms $(ISSUE_FORMS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/hadolint Dockerfile
	$(BIN)/shellcheck .ci/run .ci/find-python
	PYTHONPATH=. $(BIN)/python tools/docs_blocks.py --write $(DOCS_BLOCKS)
	$(BIN)/shellcheck --exclude=SC1083 $(DOCS_BLOCKS)/*.sh # SC1083: {seed} is for us, not for the shell
	PATH="$(BIN):$$PATH" actionlint $(DOCS_BLOCKS)/*.yml
	$(BIN)/zizmor --offline --quiet --no-progress --strict-collection --config $(DOCS_BLOCKS)/zizmor.yaml $(DOCS_BLOCKS)/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(DOCS_BLOCKS)/*.yml
	node $(WORKFLOW_LINTER) $(DOCS_BLOCKS)/*.yml

test-thorough: $(VENV)/test.done $(OPENAPI) ## the same tests with all random examples, and the fake GitHub held as by api-test (needs npm)
	@VOPR_THOROUGH=1 VOPR_OPENAPI=$(OPENAPI) $(MAKE) --no-print-directory test T="$(T)" ARGS="$(ARGS)"

emitter-test: $(VENV)/test.done ## test the emitters of examples/emitters (needs rustc, go, c++, node and npm)
	@$(BIN)/python -m tests.support.toys
	@$(MAKE) --silent $(TYPESCRIPT)/node_modules/.done
	@$(BIN)/python -m pytest -q tests/emitters $(ARGS)

image-test: $(VENV)/test.done ## run image, starters and whole nights as a hosted runner would (needs a Docker engine)
	@$(BIN)/python -m pytest -q tests/e2e $(NIGHTS:%=--ignore %) $(ARGS)
	@$(BIN)/python -m pytest -q -n 2 $(NIGHTS) $(ARGS)

conformance: $(VENV)/test.done ## read every kind of stream that the simulator's generator makes (ARGS="--generator PATH")
	@$(BIN)/python benchmarks/conformance.py $(ARGS)

bench: $(VENV)/test.done ## measure speed and memory against jq and bare decoders
	@PYTHONPATH=. $(BIN)/python benchmarks/run.py $(ARGS)

first-day: $(VENV)/test.done ## judge healthy and sick runs by configs that `init` wrote (ARGS=FOLDER…)
	@PYTHONPATH=. $(BIN)/python benchmarks/first_day.py $(ARGS)

silence: $(VENV)/test.done ## count the warnings on healthy runs, under configs of `init` and a shipped one (ARGS=FOLDER…)
	@PYTHONPATH=. $(BIN)/python benchmarks/silence.py $(ARGS)

comment-bench: $(VENV)/test.done ## play 10,000 schedules of faults against the comment, and count its API calls and escapes
	@PYTHONPATH=. $(BIN)/python benchmarks/comments.py $(ARGS)

record-bench: $(VENV)/test.done ## measure recording against a pipe into gzip: time, and room on disk
	@PYTHONPATH=. $(BIN)/python benchmarks/record.py $(ARGS)

determinism-bench: $(VENV)/test.done ## measure the comparison of two long runs against one check
	@PYTHONPATH=. $(BIN)/python benchmarks/determinism.py $(ARGS)

night-bench: $(VENV)/test.done ## measure how long a whole night takes to judge (ARGS="--against CHECKOUT")
	@PYTHONPATH=. $(BIN)/python benchmarks/night.py $(ARGS)

own-night-bench: $(VENV)/test.done ## kill nights at random moments, and measure two cores against one (ARGS=N nights)
	@PYTHONPATH=. $(BIN)/python benchmarks/own_night.py $(ARGS)

merge-bench: $(VENV)/test.done ## measure how the time of a merge grows with the number of files
	@PYTHONPATH=. $(BIN)/python benchmarks/merge.py $(ARGS)

foreign: $(VENV)/test.done ## compare verdicts with what is true of samples of other testers (ARGS=FOLDER)
	@PYTHONPATH=. $(BIN)/python benchmarks/foreign.py $(ARGS)

foreign-day: $(VENV)/test.done ## judge healthy and sick samples of other testers by configs of `init` (ARGS=FOLDER)
	@PYTHONPATH=. $(BIN)/python benchmarks/first_day_foreign.py $(ARGS)

formats-bench: $(VENV)/test.done ## measure how fast formats of other testers are read (ARGS="--seeds 200000 --files 100")
	@PYTHONPATH=. $(BIN)/python benchmarks/formats.py $(ARGS)

duplicate-keys-bench: $(VENV)/test.done ## measure what it would cost to notice keys that stand twice in the record of a seed
	@PYTHONPATH=. $(BIN)/python benchmarks/duplicate_keys.py $(ARGS)

canary-bench: $(VENV)/test.done ## play twenty nights of the example's canaries: each must be caught by its own invariant
	@$(BIN)/python benchmarks/canaries.py $(ARGS)

pattern-bench: $(VENV)/test.done ## measure how long a pattern over 100,000 files takes
	@$(BIN)/python benchmarks/patterns.py $(ARGS)

trends-store-bench: $(VENV)/test.done ## play 1,000 schedules of races and faults against each store, and measure ten years of nights
	@PYTHONPATH=. $(BIN)/python benchmarks/trends_stores.py $(ARGS)

trends-gate-bench: $(VENV)/test.done ## measure false alarms and missed losses of the gate on the history (ARGS="--histories 100")
	@PYTHONPATH=. $(BIN)/python benchmarks/trends_gate.py $(ARGS)

page-bench: $(VENV)/test.done ## measure the page of a history in a headless Chromium: its size, and the time until it can be used
	@PYTHONPATH=. $(BIN)/python benchmarks/page.py $(ARGS)

doctor-bench: $(VENV)/test.done ## measure the doctor against one check, and score the shipped configs (ARGS=--scores: these alone)
	@PYTHONPATH=. $(BIN)/python benchmarks/doctor.py $(ARGS)

seeds-bench: $(VENV)/test.done ## measure pairs of points and covers, and play the seeds chosen from a night (ARGS="--only pairs")
	@PYTHONPATH=. $(BIN)/python benchmarks/seeds.py $(ARGS)

emitter-bench: $(VENV)/test.done ## measure what a call of an emitter costs (needs the same compilers)
	@$(BIN)/python -m tests.support.toys
	@$(MAKE) --silent $(TYPESCRIPT)/node_modules/.done
	@PYTHONPATH=. $(BIN)/python benchmarks/emitters.py $(ARGS)

load-bench: $(VENV)/test.done ## measure large loads in three sizes: time, memory and API calls (ARGS=--quick)
	@PYTHONPATH=. $(BIN)/python benchmarks/load.py $(ARGS)

audit: $(VENV)/audit.done ## ask for known vulnerabilities of all locked packages (needs npm, or DATABASE=FOLDER: stored ones); exit code 2: no answer
	@$(BIN)/python -m tools.audit $(LOCKS) $(DATABASE:%=--database %) $(ARGS)

audit-store: $(VENV)/audit.done ## fetch the databases that an audit without a network needs (DATABASE=FOLDER)
	@$(BIN)/python -m tools.audit.store $(or $(DATABASE),build/osv)

actions-lock: $(VENV)/venv.done ## write the commits of the actions that we use to .github/actions.txt (needs git)
	@$(BIN)/python tools/known_actions.py --write $(ARGS)

actions-check: $(VENV)/venv.done ## ask whether the tags of these actions are where they were (needs git)
	@$(BIN)/python tools/known_actions.py --check $(ARGS)

release-check: $(VENV)/release.done ## rehearse a release against a registry on loopback (needs root, dockerd, docker-registry, buildah, skopeo, busybox)
	@$(BIN)/python -m tools.release.rehearsal $(ARGS)

release-image: $(VENV)/release.done ## build the image of this platform and its list of packages into dist (needs buildah, skopeo)
	@$(BIN)/python -m tools.release.image --out dist/image-$(ARCH) $(ARGS)
	@$(BIN)/python -m tools.release.sbom --layout dist/image-$(ARCH) --out dist/sbom-$(ARCH).spdx.json

release-packages: $(VENV)/release.done ## build wheel and source archive into dist/packages, twice, and compare
	@$(BIN)/python -m tools.release.dists --out dist/packages

release-publish: $(VENV)/release.done ## publish dist/packages by trusted publishing (in the workflow alone)
	@$(BIN)/uv publish --trusted-publishing always dist/packages/*

release-commit: $(VENV)/venv.done ## write and tag the release commit (DIGEST=sha256:… of a dry run); pushes nothing
	@$(BIN)/python -m tools.release.commit write --digest $(DIGEST)

lock: $(VENV)/lock.done ## write requirements/*.txt anew from pyproject.toml (ARGS=--upgrade for newer versions)
	$(UV_COMPILE) --output-file requirements/runtime.txt
	$(UV_COMPILE) --extra page --constraint requirements/runtime.txt --output-file requirements/page.txt
	$(UV_COMPILE) --group test --constraint requirements/runtime.txt --output-file requirements/test.txt
	$(UV_COMPILE) --group lint --constraint requirements/test.txt --output-file requirements/lint.txt
	$(UV_GROUP) --group fuzz --constraint requirements/test.txt pyproject.toml --output-file requirements/fuzz.txt
	$(UV_GROUP) --group audit --constraint requirements/lint.txt --output-file requirements/audit.txt
	$(UV_GROUP) --group docs --constraint requirements/lint.txt --output-file requirements/docs.txt
	$(UV_GROUP) --group mutants --constraint requirements/lint.txt --output-file requirements/mutants.txt
	$(UV_GROUP) --group lock --output-file requirements/lock.txt
	$(UV_COMPILE) --constraint requirements/runtime.txt --no-emit-package cryptography --output-file requirements/image.txt
	$(UV_COMPILE) --group release --constraint requirements/test.txt --output-file requirements/release.txt

clean: ## remove what make has made
	rm -rf $(VENV) build dist tools/*/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name .git -prune -o -name __pycache__ -prune -exec rm -rf {} +

# Order-only: a new venv is no reason to fetch 29 MB again.
$(OPENAPI): | $(VENV)/venv.done
	@$(BIN)/python tools/fetch_openapi.py $@

# GitHub's own parser, in one file: its packages import JSON in a way that Node 20 refuses.
$(WORKFLOW_LINTER): $(WORKFLOW_LINT)/node_modules/.done $(WORKFLOW_LINT)/lint.mjs $(WORKFLOW_LINT)/calls.mjs
	@npm run --silent --prefix $(WORKFLOW_LINT) build

tools/%/node_modules/.done: tools/%/package.json tools/%/package-lock.json tools/%/.npmrc
	@echo "Installing the locked packages of tools/$*/package-lock.json"
	@npm ci --silent --prefix tools/$*
	@touch $@

# A stamp is newer than what it stands for, so that a second `make test` starts at once.
$(VENV)/venv.done:
	@python=`PYTHON="$(PYTHON)" sh .ci/find-python` && \
		echo "Setting up $(VENV) with $$python" && rm -rf $(VENV) && "$$python" -m venv $(VENV)
	@touch $@

$(VENV)/test.done: requirements/test.txt pyproject.toml $(VENV)/venv.done
	@echo "Installing the locked packages of requirements/test.txt, and this package in place"
	@$(PIP) -r requirements/test.txt
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/lint.done: requirements/lint.txt $(VENV)/test.done
	@echo "Installing the locked packages of requirements/lint.txt"
	@$(PIP) -r requirements/lint.txt
	@touch $@

$(VENV)/docs.done: requirements/docs.txt $(VENV)/test.done
	@$(PIP) -r requirements/docs.txt
	@touch $@

$(VENV)/fuzz.done: requirements/fuzz.txt $(VENV)/test.done
	@echo "Installing the locked packages of requirements/fuzz.txt"
	@$(PIP) -r requirements/fuzz.txt
	@touch $@

$(VENV)/release.done: requirements/release.txt $(VENV)/test.done
	@$(PIP) -r requirements/release.txt
	@touch $@

$(VENV)/audit.done: requirements/audit.txt $(VENV)/venv.done
	@$(PIP) -r requirements/audit.txt
	@touch $@

$(VENV)/mutants.done: requirements/mutants.txt $(VENV)/test.done
	@$(PIP) -r requirements/mutants.txt
	@touch $@

$(VENV)/lock.done: requirements/lock.txt $(VENV)/venv.done
	@$(PIP) -r requirements/lock.txt
	@touch $@
