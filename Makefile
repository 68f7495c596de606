# Every target sets up .venv by itself; a second set-up costs milliseconds.
.PHONY: setup run test lint types architecture docs tests bench proof lock
.NOTPARALLEL:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

BIN := .venv/bin
UV := .uv/bin/uv
REPORT := reports/paper
# one thread per process: the tests run on two processes
ONE := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1
heading = @printf '\n==== %s ====\n' '$(1)'

export PYTHON

setup:
	@bash scripts/bootstrap.sh
	@$(BIN)/python scripts/stale_kernels.py

# the main job: everything the paper reports, computed, with its report
run: setup
	@$(BIN)/garnetlab reproduce --out $(REPORT)

# stages stop at the first that fails; the last line is the test runner's own
test: lint types architecture docs tests

lint: setup
	$(call heading,lint)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/codespell
	@$(BIN)/python scripts/check_files.py

types: setup
	$(call heading,types)
	@$(BIN)/mypy

architecture: setup
	$(call heading,architecture)
	@$(BIN)/lint-imports --no-logo
	@$(ONE) $(BIN)/python -m pytest -q tests/architecture

docs: setup
	$(call heading,docs)
	@$(ONE) $(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@$(ONE) $(BIN)/python -m pytest -q --doctest-modules -p no:randomly src/garnetlab
	@echo 'docs: docs/_build/html/index.html'

# a file stays on one process, so that its fixtures are made once
tests: setup
	$(call heading,tests)
	@$(ONE) $(BIN)/python -m pytest -q -n 2 --dist loadfile --ignore tests/architecture

bench: setup
	@bash benchmarks/run.sh

# the full statistical proofs; each writes its figures to docs/proofs
proof: setup
	@for script in proofs/*.py; do \
	    [ -e "$$script" ] || { echo 'proof: there is no proofs/*.py yet' >&2; exit 1; }; \
	    printf '\n==== %s ====\n' "$$script"; \
	    $(BIN)/python "$$script"; \
	done

# after a change of the dependencies in pyproject.toml; UPGRADE=--upgrade takes newer versions
lock: setup
	@$(UV) pip compile --quiet $(UPGRADE) --universal --generate-hashes --no-emit-index-url --all-extras --group dev \
	    pyproject.toml -o requirements.lock --custom-compile-command 'make lock'
	@grep -o '^uv==[^ ]*' requirements-uv.lock | $(UV) pip compile --quiet --universal --generate-hashes \
	    --no-emit-index-url --no-annotate --custom-compile-command 'make lock' -o requirements-uv.lock -
