SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(shell command -v python3.11) $(shell command -v python3))
BIN := .venv/bin
INSTALLED := .venv/installed
# Everything that makes two installs alike, so that nothing of the caller's environment changes one.
export UV_NO_PROGRESS := 1
export VIRTUAL_ENV := $(CURDIR)/.venv
# Set in many container images: every process would compile all of Airflow and dbt anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: up
up: runtime ## Start everything here and prove it: one event in, one Slack message out
	@$(BIN)/handoff up

.PHONY: down
down: runtime ## Stop every process, keep the data
	@$(BIN)/handoff down

.PHONY: reset
reset: runtime ## Stop, and delete the data (asks; YES=1 does not)
	@$(BIN)/handoff reset $(if $(YES),--yes)

.PHONY: status
status: runtime ## Show components, stations and latencies
	@$(BIN)/handoff status

.PHONY: logs
logs: runtime ## Follow what the components print
	@$(BIN)/handoff logs --follow

.PHONY: bi
bi: runtime superset ## Start Superset on the marts, with its dashboard
	@$(BIN)/handoff bi

.PHONY: superset
superset: $(BIN)/uv
	@if [ "$$(cat .venv-bi/installed 2>/dev/null)" != "$$(sha256sum requirements-bi.txt)" ]; then \
		echo "Installing requirements-bi.txt …"; \
		rm -f .venv-bi/installed; \
		$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-bi; \
		VIRTUAL_ENV=$(CURDIR)/.venv-bi $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements-bi.txt; \
		sha256sum requirements-bi.txt > .venv-bi/installed; \
	fi

.PHONY: test
test: ## Run the whole test suite: the local stack, and four files at a time beside it
	@$(MAKE) --no-print-directory --jobs 2 development browser
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target test-stack test-beside

.PHONY: test-stack
test-stack:
	@$(BIN)/pytest tests/stack -m stack

# The stack waits half of its time, and the other half must not wait for these.
.PHONY: test-beside
test-beside:
	@nice -n 10 $(BIN)/pytest -m "not stack and not bi" --numprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: bi-test
bi-test: development browser superset ## Start Superset on marts with known numbers, and read them from its dashboard
	@$(BIN)/pytest -m bi

.PHONY: browser
browser:
	@tests/browser/install.sh

.PHONY: check
check: development ## Lint, types, SQL, and the DAGs with sockets blocked
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check --select AIR dags plugins
	@$(BIN)/mypy
	@$(BIN)/yamllint --strict .
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/python -m handoff.local.scratch $(BIN)/sqlfluff lint dbt_project/models dbt_project/macros dbt_project/tests
	@$(BIN)/python -m handoff.local.scratch $(BIN)/dbt parse --no-partial-parse --project-dir dbt_project --profiles-dir dbt_project
	@$(BIN)/pytest tests/dags tests/agreement

.PHONY: cases
cases: development ## Hold the agreement, whichever company's it is, against its own rules and its golden cases
	@$(BIN)/handoff agreement check
	@$(BIN)/pytest tests/agreement/test_seeds.py tests/agreement/test_golden_cases.py

.PHONY: chaos
chaos: development ## Run the tests that look for trouble at random, for longer
	@HANDOFF_CHAOS=1 $(BIN)/pytest tests/integration/test_two_speeds.py tests/integration/test_chaos.py tests/integration/test_routers.py \
		tests/integration/test_crash.py tests/integration/test_killed.py tests/integration/test_publish.py tests/agreement/test_year.py --timeout 7200
	@HANDOFF_CHAOS=1 $(BIN)/pytest tests/stack -k "up_ends or may_be_lost"
	@$(BIN)/python bench/recovery.py --json bench/results/recovery.json

.PHONY: screenshots
screenshots: development browser superset ## Take the pictures of docs/ anew, on a stack of its own
	@HANDOFF_SCREENSHOTS=$(CURDIR)/docs/images $(BIN)/pytest tests/stack -k "three_addresses or photographed"
	@HANDOFF_SCREENSHOTS=$(CURDIR)/docs/images $(BIN)/pytest -m bi tests/browser/test_superset.py

.PHONY: bench
bench: development ## Measure event to Slack message and the marts at size (two hours), and print the figures
	@$(BIN)/python bench/latency.py
	@$(BIN)/python bench/marts.py

.PHONY: lock
lock: development ## Resolve pyproject.toml into the hashed requirements
	@$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-header --python-version 3.11 --extra local pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-header --python-version 3.11 --extra local --extra dev \
		-c requirements.txt pyproject.toml -o requirements-dev.txt
	@$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-header --python-version 3.11 --group bi -o requirements-bi.txt
	@{ echo "# Installs everything else. \`make lock\` keeps it at the version in requirements.txt."; \
		awk '/^uv==/ {on = 1} on && /^[^ ]/ && !/^uv==/ {exit} on && !/# via/' requirements.txt; } \
		| sed -E '$$ s/ \\$$//' > requirements-bootstrap.txt

# What is installed is told by the hash of the file it came from: a file's time says nothing after `git clone`.
.PHONY: runtime
runtime: $(BIN)/uv
	@$(call install,requirements.txt requirements-dev.txt,requirements.txt)

.PHONY: development
development: $(BIN)/uv
	@$(call install,requirements-dev.txt,requirements-dev.txt)

# $(1): any of these installed will do. $(2): installed otherwise.
define install
for file in $(1); do \
	if [ "$$(cat $(INSTALLED) 2>/dev/null)" = "$$(sha256sum $$file pyproject.toml)" ]; then exit 0; fi; \
done; \
echo "Installing $(2) …"; \
rm -f $(INSTALLED); \
$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes $(2); \
$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .; \
sha256sum $(2) pyproject.toml > $(INSTALLED)
endef

$(BIN)/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is missing: apt-get install python3.11 python3.11-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info[:2] == (3, 11) or sys.exit( \
		"Python is " + sys.version.split()[0] + ", and Airflow'"'"'s pinned packages are for 3.11: \
	install it and run: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv --clear .venv || { echo "Python cannot make a virtual environment: apt-get install python3.11-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.txt
