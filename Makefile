# Two commands do everything: `make demo` shows the main job, `make test` runs all tests.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: install demo test answers crash soak fuzz check format bench lock clean

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
	$(BIN)/python -m pytest -n auto --dist worksteal --durations=10 --durations-min=10

# Asks all questions about the real series beside the checkout: publishes and polls each series whole.
answers: install
	ANSWERS=all $(BIN)/python -m pytest -n auto --dist worksteal tests/flows/test_real_series.py

# Kills the delivery 200 times, between commit and delivery and in the middle of one; takes about two minutes.
crash: install
	CRASH_KILLS=200 $(BIN)/python -m pytest tests/weps/delivery/test_crash.py

# Plays ten thousand random schedules of a source and of its reader; 35 minutes of one processor. In memory where that can be:
# else the disk is waited for. With CI set hypothesis would play the same ones in each part.
soak: install
	env -u CI WEPS_SCHEDULES=10000 TMPDIR=$$(test -w /dev/shm && echo /dev/shm || echo $${TMPDIR:-/tmp}) \
	    $(BIN)/python -m pytest -n auto --dist worksteal tests/weps/test_schedules.py

# Sends a thousand hostile requests to a running service; FUZZ_SEED=N sends others.
fuzz: install
	FUZZ_REQUESTS=1000 $(BIN)/python -m pytest tests/flows/test_fuzz.py

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
