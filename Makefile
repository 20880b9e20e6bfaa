# Capofila. `make demo` and `make test` do everything from nothing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PY := .venv/bin/python
export PYTHONDONTWRITEBYTECODE := 1
export PYTHONPATH :=

.PHONY: help setup demo up test test-fast cover bench lint format types docs immagini site lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}'

.venv/.pronto: requirements.lock pyproject.toml infra/prepara.sh infra/embedded/pyproject.toml $(wildcard plugins/*/pyproject.toml)
	bash infra/prepara.sh

core/capofila/web/static/terze/.pronto: .venv/.pronto core/capofila/web/package-lock.json core/capofila/web/assembla.py
	$(PY) -m capofila.web.assembla
	@touch $@

setup: .venv/.pronto core/capofila/web/static/terze/.pronto ## Install everything from the lock files into .venv

demo: setup ## Services, the three ambiti, demonstration data, the main job; serves on 127.0.0.1:8000 until Ctrl-C
	exec .venv/bin/capofila demo

up: setup ## Services, web and worker, without demonstration data
	exec .venv/bin/capofila up

test: setup lint types ## All the checks and tests, from nothing, two at a time
	bash infra/chromium.sh
	$(PY) -m pytest -n 2 --dist loadfile

cover: setup ## All the tests one at a time, and what of the code they ran
	bash infra/chromium.sh
	$(PY) -m coverage run -m pytest
	$(PY) -m coverage combine -q
	$(PY) -m coverage report

test-fast: setup ## The tests without a browser
	$(PY) -m pytest -m "not browser" -x -q

.venv-bench/.pronto: requirements-bench.lock .venv/.pronto
	bash infra/prepara.sh bench

bench: setup .venv-bench/.pronto ## The figures, as ratios within one run
	$(PY) -m tests.bench

lint: .venv/.pronto ## ruff and import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

format: .venv/.pronto ## Put the code in its form
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

types: .venv/.pronto ## mypy, strict
	.venv/bin/mypy

immagini: setup ## The pictures of the documentation, taken again over demonstration data
	bash infra/chromium.sh
	CAPOFILA_IMMAGINI=docs/immagini $(PY) -m pytest tests/pagine/test_immagini.py -q

site: setup ## The documentation as a site, in site/
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet --strict

docs: setup ## Check that the documentation says what the code does
	$(PY) -m pytest tests/docs tests/hooks/test_contratto.py -q

lock: ## Write requirements.lock again, with the newest versions that fit
	bash infra/blocca.sh

clean: ## Remove what make made, except the data folder
	rm -rf .venv .venv-bench .strumenti core/capofila/web/static/terze .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
