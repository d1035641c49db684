PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Without them, every process compiles every module again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run dev test test-fast test-image lint check bench soak screenshots diagram format lock \
	upgrade move-database

help: ## Show this help
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/installed ## Serve the site at http://127.0.0.1:5000, with its worker
	@exec $(BIN)/flask --app run start

dev: $(VENV)/installed ## The same with reload and debugger
	@exec $(BIN)/flask --app run start --debug

test: $(VENV)/installed-tests ## Run every test; on PostgreSQL with DATABASE_URL=postgresql://…
	@$(BIN)/pytest

test-fast: $(VENV)/installed-tests ## Run the tests that need no browser and no other process
	@$(BIN)/pytest -m "not browser and not server and not image"

test-image: $(VENV)/installed-tests ## Build the image of the Dockerfile with buildah, as root, and run it
	@$(BIN)/pytest -n0 -m image tests/deployment/test_image.py

lint: $(VENV)/installed-tests ## Check style, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

check: lint test ## What a change has to pass

screenshots: $(VENV)/installed-tests ## Render docs/screenshots; with SCREENSHOTS=folder every page there, too
	@$(BIN)/pytest tests/browser/take_screenshots.py

diagram: $(VENV)/installed-tests ## Draw the imports of the packages, into docs/dependencies.svg
	@$(BIN)/python -m docs.dependencies

# The backup is made with the new version's packages, so those come first: they touch no data.
upgrade: $(VENV)/installed ## Back a stopped site up and bring it up to date; put back if that fails
	@$(BIN)/flask --app run upgrade

move-database: $(VENV)/installed ## Move a stopped site into another, empty database: TO=URL
	@$(BIN)/flask --app run db move --to "$(TO)"

format: $(VENV)/installed-tests ## Put the code into its format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/installed ## Measure, for half an hour, and write docs/performance.md; needs wrk
	@$(INSTALL) -r benchmarks/requirements.txt
	@$(BIN)/python -m benchmarks $(BENCH)

soak: $(VENV)/installed-tests ## Load a new site for ten minutes; fail on errors, lost writes and leaks
	@$(BIN)/python -m benchmarks.soak $(SOAK)

lock: $(VENV)/installed ## Pin the newest versions that pyproject.toml allows
	@$(INSTALL) uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --no-header --no-emit-index-url \
		pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --no-header --no-emit-index-url \
		--group test -c requirements.txt -o tests/requirements.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --no-header --no-emit-index-url \
		--group s3 -c requirements.txt -o deploy/requirements-s3.txt

# Only these two files say that an installation is whole; without them it is made again.
$(VENV)/installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Flaskblog needs Python 3.11 or newer. Name one, as in: make run PYTHON=python3.12"; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make a .venv. On Debian or Ubuntu: apt install python3-venv"; \
		exit 1; }
	@echo "Installing the packages of requirements.txt into $(VENV)"
	@test -e $@ || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/installed-tests: $(VENV)/installed tests/requirements.txt
	@echo "Installing the packages of tests/requirements.txt into $(VENV)"
	@$(INSTALL) -r tests/requirements.txt
	@touch $@
