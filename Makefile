# Short forms for developers. Users need only ./run and ./test.

PYTHON = .venv/bin/python

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: ## set up and run the product
	@./run

test: ## set up and run every check
	@./test

venv: ## set up .venv with the test lock, and nothing else
	@python3 tools/bootstrap.py prepare test

lint: ## ruff, mypy, import contracts, browser code
	@$(PYTHON) -m pytest -q tests/laws tests/js

format: ## let ruff format the Python files
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

worker: ## the worker alone, on ./data
	@.venv/bin/hostedpages worker

coverage: ## the tests with coverage of hostedpages/, without the browser
	@$(PYTHON) -m coverage run -m pytest -q --no-browser && $(PYTHON) -m coverage report --skip-covered

LOCK = env -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL -u PIP_FIND_LINKS -u UV_INDEX_URL \
	-u UV_EXTRA_INDEX_URL -u UV_DEFAULT_INDEX -u UV_INDEX -u UV_FIND_LINKS \
	uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --upgrade

lock: ## write the locks anew from requirements/*.in (needs uv)
	@cd requirements && $(LOCK) runtime.in -o runtime.txt && $(LOCK) test.in -o test.txt

vendor: ## fetch the browser libraries anew (needs npm)
	@$(PYTHON) tools/vendor.py

.PHONY: help run test venv lint format worker coverage lock vendor
