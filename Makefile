# Every command of the course. `make help` lists them.
#
# LESSON=05 narrows test, notebooks, reset and contact to one lesson.
# PYTHON=/path/to/python3.12 chooses the Python that .venv is made from, VENV=/path its place.
# JOBS=2 lets `make test` run unit tests and lessons at the same time.

VENV ?= $(CURDIR)/.venv
LESSON ?=
BASE ?= HEAD
JOBS ?= 1
export VENV PYTHON

# In quotes, since paths have blanks and brackets.
LEARNER := "$(VENV)/bin/python"
AUTHOR := "$(VENV)-author/bin/python"

# Any Python starts the set-up; it looks for a supported one by itself and says what is wrong.
ANY_PYTHON := $(or $(PYTHON),$(shell command -v python3 || command -v python))
SETUP = @$(if $(ANY_PYTHON),,echo "Set-up stopped: no Python found. Install Python 3.11 to 3.13." >&2; exit 1;) "$(ANY_PYTHON)" authoring/workshop/bootstrap.py
.DEFAULT_GOAL := help
.PHONY: help lab doctor progress reset update download test check unit lessons browser notebooks contact lint \
	format docs slides handout handbook nbgrader kit hub experiments data lock hooks setup-learner setup-author

help: ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo "  LESSON=05 narrows test, notebooks, reset and contact to one lesson."

# ---- for learners ---------------------------------------------------------------------------

lab: setup-learner ## set up, check, copy missing lessons to workspace/, open JupyterLab, or LESSON=04 in it
	@exec $(LEARNER) -m course_utils lab $(if $(LESSON),--lesson "$(LESSON)") $(ARGS)

doctor: setup-learner ## what is installed, what works, what to do about problems
	@$(LEARNER) -m course_utils doctor

reset: setup-learner ## LESSON=05: a fresh copy in workspace/; yours is kept as a dated backup
	@test -n "$(LESSON)" || { echo "Say which lesson: make reset LESSON=05" >&2; exit 2; }
	@$(LEARNER) -m course_utils reset "$(LESSON)"

update: setup-learner ## LESSON=05: the new version of a lesson with your answers; the old file is kept
	@test -n "$(LESSON)" || { echo "Say which lesson: make update LESSON=05" >&2; exit 2; }
	@$(LEARNER) -m course_utils update "$(LESSON)"

progress: setup-learner ## which exercises you have passed, and which come back for repetition
	@$(LEARNER) -m course_utils progress

download: setup-learner ## NAME=breastmnist: fetch a real data set; without NAME, list them
	@$(LEARNER) -m course_utils $(if $(NAME),download "$(NAME)" $(ARGS),list)

# ---- for teachers ---------------------------------------------------------------------------

slides: setup-author ## slides of the lessons, or of one LESSON, in build/slides
	$(AUTHOR) -m authoring.publishing.slides $(LESSON)

handout: setup-author ## student copies without solutions and teacher copies with them, in build/handout
	$(AUTHOR) -m authoring.publishing.handout $(LESSON)

handbook: setup-author ## what wrong answers say about a reader, and what to answer, in build/handbook
	$(AUTHOR) -m authoring.publishing.handbook $(LESSON)

nbgrader: setup-author ## the exercises as nbgrader assignments, in build/nbgrader
	$(AUTHOR) -m authoring.publishing.nbgrader $(LESSON)

kit: setup-author ## one archive that sets the course up without a network, in build/kit
	$(AUTHOR) -m authoring.publishing.kit $(ARGS)

hub: ## a JupyterHub for a room, on this machine: deploy/README.md
	@$(MAKE) --no-print-directory -C deploy hub

docs: setup-author ## the site, from the stored lessons, in build/site
	$(AUTHOR) -m authoring.publishing.site

# ---- for authors ----------------------------------------------------------------------------

test: setup-author ## everything: lint, unit tests, every lesson; or one LESSON
ifeq ($(LESSON),)
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -j$(JOBS) unit lessons
else
	$(AUTHOR) -m authoring.workshop.notebooks check $(LESSON)
	$(AUTHOR) -m authoring.workshop.notebooks test $(LESSON)
endif

check: setup-author ## what takes under 2 minutes: lint, unit tests, structure, changed lessons
	@$(MAKE) --no-print-directory lint
	$(AUTHOR) -m pytest -q -m "not slow"
	@changed=$$($(AUTHOR) -m authoring.workshop.notebooks changed --base "$(BASE)") && \
		if [ -n "$$changed" ]; then $(AUTHOR) -m authoring.workshop.notebooks test $$changed; else echo "no lesson changed"; fi

unit: setup-author
	$(AUTHOR) -m pytest -q

lessons: setup-author
	$(AUTHOR) -m authoring.workshop.notebooks test $(LESSON)

browser: setup-author ## every lesson and page of the site in Chromium; half an hour
	$(AUTHOR) -m pytest -q tests/browser --whole

notebooks: setup-author ## execute and normalize the lessons, or one LESSON
	$(AUTHOR) -m authoring.workshop.notebooks run $(LESSON)

contact: setup-author ## all figures with their alt texts on one page
	$(AUTHOR) -m authoring.workshop.contact_sheet $(LESSON)

lint: setup-author
	$(AUTHOR) -m ruff check .
	$(AUTHOR) -m ruff format --check .

format: setup-author ## format the code and fix what the linter can fix
	$(AUTHOR) -m ruff check --fix .
	$(AUTHOR) -m ruff format .

experiments: setup-author ## compute the stored tables of the lessons, or one NAME=overfitting
	$(AUTHOR) -m authoring.experiments $(NAME) --workers 2

data: setup-author ## write the embedded data again from their generators
	$(AUTHOR) -m authoring.workshop.mni_template
	$(AUTHOR) -m simulation brain_mri --out data/brain_mri.npz
	$(AUTHOR) -m simulation breast_ultrasound --out data/breast_ultrasound.npz
	$(AUTHOR) -m simulation skin_lesions --out data/skin_lesions.npz
	cd data && sha256sum *.gz *.npz > SHA256SUMS

lock: setup-author ## take the newest versions that pyproject.toml allows into the locks
	$(AUTHOR) -m authoring.workshop.lock

hooks: setup-author ## install the pre-commit hooks and readable notebook diffs
	$(AUTHOR) -m pre_commit install
	"$(VENV)-author/bin/nbdime" config-git --enable

setup-learner:
	$(SETUP) learner

setup-author:
	$(SETUP) author
