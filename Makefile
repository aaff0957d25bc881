# Every command of the course. `make help` lists them.
#
# LESSON=05 narrows test, notebooks, reset and contact to one lesson.
# PYTHON=/path/to/python3.12 chooses the Python that .venv is made from.

VENV ?= $(CURDIR)/.venv
PY := $(VENV)/bin/python
LESSON ?=
BASE ?= HEAD
export VENV PYTHON

# Any Python starts the set-up; it looks for a supported one by itself and says what is wrong.
ANY_PYTHON := $(or $(PYTHON),$(shell command -v python3 || command -v python))
SETUP = @$(if $(ANY_PYTHON),,echo "Set-up stopped: no Python found. Install Python 3.11 to 3.13." >&2; exit 1;) $(ANY_PYTHON) authoring/workshop/bootstrap.py
.DEFAULT_GOAL := help
.PHONY: help lab doctor reset test check notebooks contact lint format unit structure data experiments lock \
	hooks setup-learner setup-author test-learner

help: ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  LESSON=05 narrows test, notebooks, reset and contact to one lesson."

# ---- for learners ---------------------------------------------------------------------------

lab: setup-learner ## set up, check, copy missing lessons to workspace/, open JupyterLab
	@$(PY) -m course_utils lab $(ARGS)

doctor: setup-learner ## what is installed, what works, what to do about problems
	@$(PY) -m course_utils doctor

reset: setup-learner ## LESSON=05: a fresh copy in workspace/; yours is kept as a dated backup
	@test -n "$(LESSON)" || { echo "Say which lesson: make reset LESSON=05" >&2; exit 2; }
	@$(PY) -m course_utils reset $(LESSON)

# ---- for authors ----------------------------------------------------------------------------

test: setup-author ## everything: lint, unit tests, every notebook; or one LESSON
ifeq ($(LESSON),)
	@$(MAKE) --no-print-directory lint
	$(PY) -m pytest -q tests course_utils
	$(PY) -m authoring.workshop.notebooks test
else
	$(PY) -m authoring.workshop.notebooks check $(LESSON)
	$(PY) -m authoring.workshop.notebooks test $(LESSON)
endif

check: setup-author ## what takes under 2 minutes: lint, unit tests, structure, changed lessons
	@$(MAKE) --no-print-directory lint
	$(PY) -m pytest -q -m "not slow" tests course_utils
	@changed=$$($(PY) -m authoring.workshop.notebooks changed --base $(BASE)) && \
		if [ -n "$$changed" ]; then $(PY) -m authoring.workshop.notebooks test $$changed; else echo "no lesson changed"; fi

notebooks: setup-author ## execute and normalize the lessons, or one LESSON
	$(PY) -m authoring.workshop.notebooks run $(LESSON)

contact: setup-author ## all figures with their alt texts on one page
	$(PY) -m authoring.workshop.contact_sheet $(LESSON)

lint: setup-author
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

format: setup-author ## format the code and mend what the linter can mend
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

experiments: setup-author ## compute the stored tables of the lessons, or one NAME=overfitting
	$(PY) -m authoring.experiments $(NAME) --workers 2

data: setup-author ## write the embedded data again from their generators
	$(PY) -m authoring.workshop.mni_template
	$(PY) -m simulation brain_mri --out data/brain_mri.npz
	$(PY) -m simulation breast_ultrasound --out data/breast_ultrasound.npz
	$(PY) -m simulation skin_lesions --out data/skin_lesions.npz
	cd data && sha256sum *.gz *.npz > SHA256SUMS

lock: setup-author ## take the newest versions that pyproject.toml allows into the locks
	$(PY) -m authoring.workshop.lock

hooks: setup-author ## install the pre-commit hooks and readable notebook diffs
	$(PY) -m pre_commit install
	$(VENV)/bin/nbdime config-git --enable

test-learner: setup-author ## install the pip part of environment.yml elsewhere and run the lessons there
	$(PY) -m authoring.workshop.learner_environment

setup-learner:
	$(SETUP) learner

setup-author:
	$(SETUP) author
