# The doors for people. Needs Python 3.11+ (with venv) and make; the rest goes into .venv.

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
INSTALL_US := $(INSTALL) --no-deps --no-build-isolation --editable .

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo storm test lab check bench bench-10m simulate-planted chaos fuzz lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/demo.stamp ## The whole story here, with virtual devices
	$(BIN)/tillpoints demo

storm: $(VENV)/demo.stamp ## 1,000 receipts under faults, every point counted
	$(BIN)/tillpoints demo --storm

# A third of the time a test waits for something: one module more than there are cores. The order
# is kept: the long ones do not come last.
MODULES = $(shell $(PYTHON) -c 'import os; print(len(os.sched_getaffinity(0)) + 1)')
SIDE_BY_SIDE = -n $(MODULES) --maxprocesses 4 --dist loadscope --no-loadscope-reorder

# Hundreds of processes that tests start, some on an emulated processor, need not compile it again;
# asked for by name it is done even where PYTHONDONTWRITEBYTECODE is set.
.PHONY: compiled
compiled: $(VENV)/test.stamp
	$(BIN)/python -m compileall -q central edge_agent kiosk_ui loyalty paper receipts tests tillpoints

test: compiled ## Every test; those that want Debian packages skip and name them
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

lab: compiled .lab/packages .lab/initrd ## Kernel drivers without hardware, kiosk and CUPS
	$(BIN)/python -m pytest -rs tests/lab

check: $(VENV)/test.stamp ## Style, types, the dependency rule and the tidy test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_tidy.py

bench: $(VENV)/test.stamp ## Our figures beside a peer's, measured in the same run, as ratios
	$(BIN)/tillpoints bench

bench-10m: $(VENV)/test.stamp ## One more event in a ledger of 10,000,000 (18 GB in build/)
	$(BIN)/tillpoints bench ledger --events 10000000 --keep build/bench-10m

simulate-planted: $(VENV)/test.stamp ## Each planted bug, and how many seeds find it
	$(BIN)/python -m tillpoints.simulation.planted

chaos: $(VENV)/test.stamp ## Tills over a network that spoils requests: 40 seeds, both databases
	CHAOS_SEEDS=40 $(BIN)/python -m pytest tests/faults/test_a_network_of_chaos.py

.PHONY: crash-points
crash-points: $(VENV)/test.stamp ## Till, central, PostgreSQL killed at every write of a short day
	$(BIN)/python -m tests.faults.crash_points

.PHONY: any-order
any-order: $(VENV)/test.stamp ## 1,000 short histories, told to central in any order of the tills
	$(BIN)/python -m tests.central.any_order

.PHONY: any-image
any-image: $(VENV)/test.stamp ## 500 short histories of disks and databases out of copies
	$(BIN)/python -m tests.faults.any_image

.PHONY: rules-million
rules-million: $(VENV)/test.stamp ## A million awards, the same in two processes that share nothing
	$(BIN)/python -m tests.loyalty.rules.random_rules 1000000 compare

fuzz: $(VENV)/test.stamp ## Half an hour of coverage-guided fuzzing (wants the extra fuzz)
	$(BIN)/python -m tests.fuzz.read_jobs 1800

lock: ## Pin every dependency again (needs uv on PATH, or UV=path)
	requirements/compile $(UV)

clean: ## Remove the environment and everything that a run leaves behind
	rm -rf $(VENV) .lab build dist *.egg-info .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than the locks it was installed from, so a second run installs nothing.

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tillpoints needs Python 3.11 or later: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: requirements/till.txt requirements/central.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements/till.txt
	$(INSTALL) --require-hashes -r requirements/central.txt
	$(INSTALL_US)
	touch $@

$(VENV)/test.stamp: requirements/test.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements/test.txt
	$(INSTALL_US)
	touch $@

# Installed where this may; elsewhere the lab's tests skip, and name what they lack.
.lab/packages: .ci/debian-packages
	@mkdir -p .lab
	[ "$$(id -u)" != 0 ] || grep -v '^#' $< | xargs apt-get install -y -qq --no-install-recommends
	touch $@

# The lab's machine: Debian's kernel, fetched and unpacked, and what starts it.
.lab/initrd: tests/lab/machine/build tests/lab/machine/init
	tests/lab/machine/build .lab

# OCR is 300 MB, so only who asks for it installs it; its tests skip without it.
$(VENV)/ocr.stamp: requirements/ocr.txt $(VENV)/test.stamp
	$(INSTALL) --require-hashes -r requirements/ocr.txt
	touch $@
