# What a person does with this project, one line each: `make help`.
PORT ?= 8000
BIN := .venv/bin
# Needed only to make .venv: the first of these that is Python 3.11 or later.
PYTHONS := $(PYTHON) python3.11 python3 python3.12 python3.13
LISTED = import sys, tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	extras = sum(p["optional-dependencies"].values(), []) if "dev" in sys.argv else []; \
	print(*p["dependencies"], *(name for name in extras if not name.startswith(p["name"])), sep="\n")
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -c constraints.txt -r

.DEFAULT_GOAL := help
.PHONY: help run test check bench prove demo screenshots messages audit clean

help: ## show this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

run: .venv/.for-run ## start the clinic here, with its demo: make run [PORT=8000]
	@$(BIN)/python -m ser_clinic.supervisor --port $(PORT)

test: .venv/.for-dev ## run all tests
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST)

check: .venv/.for-dev ## format, lint, types, import contracts, migrations, deployment, compose file
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	DATABASE_URL=postgres://clinic@localhost/clinic PUBLIC_URL=https://ser.example.org BEHIND_PROXY=true \
		SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

bench: .venv/.for-dev ## measure every figure that we claim, into docs/figures.json
	@set -e; for bench in $(filter-out benches/figures.py benches/postgres.py benches/__init__.py,$(wildcard benches/*.py)); do \
		echo "— $$bench"; $(BIN)/python -m $$(echo $${bench%.py} | tr / .); done

prove: check test bench ## all of the above: what the README says is so

demo: .venv/.for-run ## load the demo clinic without starting it
	@$(BIN)/python -c "import sys; from ser_clinic.prepare import main; sys.exit(main())"

screenshots: .venv/.for-dev ## make the README's pictures anew
	@$(BIN)/python -m tests.browser.screenshots

messages: .venv/.for-dev ## gather what pages say, for translators (needs gettext), and compile the translations
	$(BIN)/python manage.py makemessages --locale de --no-wrap --no-location --no-obsolete \
		--ignore .venv --ignore var --ignore tests --ignore benches --ignore docs
	$(BIN)/python -m ser_clinic.catalogues

audit: .venv/.for-dev ## look for known vulnerabilities in the locked dependencies (asks the network)
	$(BIN)/pip-audit --strict --no-deps --disable-pip -r constraints.txt

clean: ## remove .venv and what tools left; never var/, which holds the clinic
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov

# The lock is installed once; these files say for which pyproject.toml and constraints.txt.
.venv/.for-run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the locked dependencies (once; a few minutes) …"
	@$(BIN)/python -c '$(LISTED)' > .venv/run.txt
	@$(INSTALL) .venv/run.txt
	@touch $@

.venv/.for-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the locked dependencies and the developers' tools (once; a few minutes) …"
	@$(BIN)/python -c '$(LISTED)' dev > .venv/dev.txt
	@$(INSTALL) .venv/dev.txt
	@touch $@ .venv/.for-run

$(BIN)/python:
	@for python in $(PYTHONS); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			"$$python" -m venv .venv && exit 0; rm -rf .venv; \
			echo "Python's venv module does not work: install it (Debian: apt install python3-venv), then again."; \
			exit 1; \
		fi; \
	done; \
	echo "Python 3.11 or later is needed and was not found: install it, or name it: make run PYTHON=/path/to/python3.11"; \
	exit 1
