# Each target makes .venv itself when it is missing. Only Python >= 3.11, make and a package index are assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FUZZ_SECONDS ?= 300
# One more than there are cores: some tests wait for programs that live at the pace of a clock.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.PHONY: install demo test serve check format bench fuzz clean lock

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON=/path/to/python")'
	@echo "installing into $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP)
	@$(BIN)/kibo-scenarios run bulk-delete throttled-bulk-delete --report reports/demo

test: $(STAMP)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

serve: $(STAMP)
	@$(BIN)/kibo-simulator serve

check: $(STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@PYTHONPATH=simulator:client:scenarios $(BIN)/lint-imports --no-cache

format: $(STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP)
	@$(BIN)/python -m benchmarks

fuzz: $(STAMP)
	@$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS)

# Writes the versions that are installed now; the file holds names and versions only.
lock: $(STAMP)
	@$(BIN)/python -m pip freeze --exclude-editable | grep -v '^-' > constraints.txt
	@touch $(STAMP)

clean:
	@rm -rf $(VENV) build dist reports
