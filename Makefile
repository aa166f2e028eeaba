# `make run` and `make test` work from a bare checkout; everything they need goes into .venv.
#   make run              set up, import, serve on http://127.0.0.1:8080 (HOST, PORT, DATA_DIR, ... as in docs/settings.md)
#   make test             set up, then the whole suite
#   make quick            the suite without its slow tests, stopping at the first failure
#   make soak FOR=900     the random and crash tests again and again, for so many seconds
#   make soak WHOLE=1     the same, and 200 kills, 10,000 mutated pages and 100,000 questions at least
#   make load             many requests, many notifications, hostile requests; figures into docs/reliability.md
#   make check            style, types, floors, fresh documents, secrets, Apps Script
#   make looker-package URL=https://...   the Looker Studio connector for an address, to be pushed
#   make bench            every measurement in benchmarks/, one JSON line per figure
#   make lock             choose versions anew from pyproject.toml
#   make clean            remove .venv and caches (the data folder stays)

SHELL := /bin/bash
# Compiling the tests anew takes longer than most of them, so compiled files are always kept.
export PYTHONDONTWRITEBYTECODE :=
FOR ?= 60
WHOLE ?=
PYTHON ?=
URL ?= $(PUBLIC_URL)
BENCHMARKS = $(sort $(wildcard benchmarks/bench_*.py))
DOCS_ARE_FRESH = .venv/bin/python -m flask --app app docs --check

.PHONY: run test quick soak load check bench lock clean set-up apps-script looker-package
.DEFAULT_GOAL := run

run: set-up
	@exec .venv/bin/python -m flask --app app up

test: set-up
	@.venv/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

quick: set-up
	@.venv/bin/python -m pytest -m "not slow" -x -q -n auto --dist loadfile

soak: set-up
	@SOAK_SECONDS=$(FOR) SOAK_WHOLE=$(WHOLE) .venv/bin/python -m pytest -m soak --timeout=0

load: set-up
	@.venv/bin/python -m benchmarks.load --write

check: set-up apps-script
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .
	.venv/bin/python -m mypy
	.venv/bin/python -m pytest -q tests/test_floors.py tests/test_house.py
	$(DOCS_ARE_FRESH)
	.venv/bin/python tools/secret_scan.py

# The Apps Script projects check themselves with Node; a folder without a package.json has nothing to check.
apps-script:
	@set -e; for project in looker_studio sheets_addon; do \
		if [ -f $$project/package.json ]; then \
			(cd $$project && npm ci --silent --no-audit --no-fund && npm run --silent check); \
		fi; \
	done

looker-package: set-up
	@.venv/bin/python -m tools.looker_package --url "$(URL)" --company "$(OPERATOR)"

bench: set-up
	@set -e; for benchmark in $(BENCHMARKS); do .venv/bin/python -m "$$(echo $${benchmark%.py} | tr / .)"; done

lock: set-up
	@tools/lock.sh

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis looker_studio/node_modules sheets_addon/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

set-up:
	@PYTHON="$(PYTHON)" tools/set_up.sh
