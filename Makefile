# Two commands do everything: `make demo` shows the main job, `make test` runs all tests.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: install demo test crash soak check format bench lock clean

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "WEPS needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)

demo: install
	$(BIN)/weps demo

test: install
	$(BIN)/python -m pytest -n auto --dist worksteal

# Kills the delivery 200 times, between commit and delivery and in the middle of one.
crash: install
	CRASH_KILLS=200 $(BIN)/python -m pytest tests/weps/test_delivery_crash.py

# Plays ten thousand random schedules of a source and of its reader; takes about an hour.
soak: install
	WEPS_SCHEDULES=10000 $(BIN)/python -m pytest tests/weps/test_schedules.py

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install
	$(BIN)/python -m benchmarks

# Writes requirements.lock anew from pyproject.toml; needs uv (https://docs.astral.sh/uv/).
lock:
	uv pip compile pyproject.toml --extra demo --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header --output-file requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
