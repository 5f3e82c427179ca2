# One folder, .venv, holds everything the targets need; delete it to start over.

PYTHON ?= python3
# Extra options for the installation of torch alone, for example another package index: see README.md.
PIP_TORCH_ARGS ?=
# For example: make test PYTEST_ARGS="tests/grid -x"
PYTEST_ARGS ?=

DEMO_SCENE := examples/village/village_rgb_2m.tif
DEMO_MAP := demo/village_classes.tif

BIN := .venv/bin
STAMP := .venv/.installed
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt

# A GIS on the same machine often exports these; they would point our own GDAL and PROJ at its data.
unexport PYTHONPATH PYTHONHOME GDAL_DATA GDAL_DRIVER_PATH PROJ_LIB PROJ_DATA

.DEFAULT_GOAL := help
.PHONY: help demo test lint plugin clean machine

help: ## Show this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{printf "%-8s %s\n", $$1, $$2}'

demo: $(STAMP) ## Map the example scene into demo/: raster, class table, picture
	@mkdir -p demo
	@$(BIN)/magnet-geo segment $(DEMO_SCENE) -o $(DEMO_MAP) --overwrite
	@$(BIN)/python benchmarks/picture.py $(DEMO_SCENE) $(DEMO_MAP) demo/scene_and_map.png

test: lint ## Run every check: style, types, tests (PYTEST_ARGS="..." goes to pytest)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(STAMP) ## Check style and types only
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "These files want formatting: run '$(BIN)/ruff format .'"; $(BIN)/ruff format --check . ; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@echo "Style and types: clean"

plugin: ## Build the QGIS plugin, as its manager installs it: dist/magnet_geo_qgis-VERSION.zip
	@$(PYTHON) qgis_plugin/build_zip.py

clean: ## Remove what the targets made, except .venv
	@rm -rf demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find cli magnet_geo tests benchmarks qgis_plugin -name __pycache__ -type d -prune -exec rm -rf {} +

# What a bare machine lacks is said before anything is made.
machine:
	@$(PYTHON) -c '' 2>/dev/null || { \
	  echo "'$(PYTHON)' does not run: install Python 3.11 or newer (Debian, Ubuntu: sudo apt-get install python3 python3-venv; conda: conda create -n magnet-geo python=3.12 && conda activate magnet-geo), or name yours with make PYTHON=/path/to/python3."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "'$(PYTHON)' is $$($(PYTHON) --version), but the tested packages need Python 3.11 or newer: name another with make PYTHON=/path/to/python3 (conda: conda create -n magnet-geo python=3.12 && conda activate magnet-geo)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments: on Debian and Ubuntu run 'sudo apt-get install python3-venv', or use a Python from conda or python.org with make PYTHON=/path/to/python3."; exit 1; }
	@free=$$(df -Pk . | awk 'NR == 2 {print int($$4 / 1024)}'); [ -d .venv ] || [ "$$free" -ge 3000 ] || { \
	  echo "Only $$free MB are free here, and the packages need about 3000 MB (several times that with torch's CUDA build): free some space, or move this folder to a larger disk."; exit 1; }

$(STAMP): constraints.txt setup.cfg pyproject.toml
	@$(MAKE) --no-print-directory machine
	@echo "Installing into .venv; this takes a few minutes, but only once."
	@if [ "$$(uname)" = Linux ] && [ ! -e /proc/driver/nvidia/version ] && [ -z "$(PIP_TORCH_ARGS)" ]; then \
	  echo "No NVIDIA driver here: should several GB of CUDA packages start to load, stop and see PIP_TORCH_ARGS in README.md."; fi
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(PIP_INSTALL) $(PIP_TORCH_ARGS) torch
	@$(PIP_INSTALL) -e '.[test]'
	@touch $@
