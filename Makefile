PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test search lint up lock bench bench-lending clean

$(VENV)/.run: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages (about a minute) ..."
	$(RUN)/pip install -q --no-deps --require-hashes -r requirements.lock
	$(RUN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(RUN)/pip install -q --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.run   ## run real applications through the whole path and serve the console
	$(RUN)/xinqiao demo

up: $(VENV)/.run     ## serve the platform on the database that DATABASE_URL names, or the embedded one
	$(RUN)/xinqiao up

test: $(VENV)/.dev   ## lint, the rooms' borders, and all tests
	$(RUN)/ruff check -q src tests scripts bench
	$(RUN)/ruff format -q --check src tests scripts bench
	$(RUN)/lint-imports
	$(RUN)/python -m pytest -n 2 --dist loadfile

search: $(VENV)/.dev ## the property tests on new random examples (`make test` takes the same ones every time)
	XINQIAO_PROPERTIES=search $(RUN)/python -m pytest -n 2 --dist loadfile $$(grep -rl '@given' tests)

bench: $(VENV)/.dev  ## the figures of docs/benchmarks.md
	$(RUN)/xinqiao bench

bench-lending: $(VENV)/.dev  ## a million schedules, the close of a million loans, the ledger: half an hour; XINQIAO_BENCH_LOANS=100000 for less
	$(RUN)/xinqiao bench lending

bench-liveness: $(VENV)/.dev  ## error rates, ablation, match, time and memory; 10,000 simulated sessions take hours, go on where they stopped, XINQIAO_BENCH_SESSIONS=300 for less
	$(RUN)/xinqiao bench liveness

lock:                ## compile both locks anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) var
