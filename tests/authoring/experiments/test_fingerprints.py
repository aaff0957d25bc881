"""A fingerprint changes with what a table is computed from, and with nothing else."""

import ast

import pytest

from authoring.experiments import fingerprints
from authoring.experiments.__main__ import stale
from authoring.experiments.tables import experiments, index

CODE = {
    "authoring.experiments.demo": """
from authoring.experiments import other
from authoring.experiments.definitions import definitions
from course_utils import training as t

lesson = definitions("99")
ARMS = {"a": {"rate": RATE}}
RATE = 0.1

def measure(seed, rate):
    "What it does."
    from course_utils.models import network
    return lesson.trained(t.fit, network), other.helper()

def best(table):
    return 1
""",
    "authoring.experiments.other": "def helper():\n    return 1\ndef unused():\n    return 2\n",
    "course_utils.training": "from course_utils import plotting\n"
    "def fit():\n    return plotting.draw(), step()\ndef step():\n    return 3\n",
    "course_utils.models": "from course_utils.shapes import network\n",
    "course_utils.shapes": "class network:\n    def __repr__(self):\n        return 'x'\n"
    "    def f(self):\n        return 4\n",
    "course_utils.plotting": "def draw():\n    return 5\n",
    "lesson_99": "import keras\ndef trained(fit, network):\n    return load('brain_mri')\n"
    "def other():\n    return 6\n",
}


@pytest.fixture
def code(monkeypatch):
    """Return the texts of modules that can be changed, and their fingerprint's function."""
    texts = dict(CODE)
    monkeypatch.setattr(fingerprints, "_tree", lambda module: ast.parse(texts.get(module, "")))
    monkeypatch.setattr(fingerprints, "_is_module", texts.__contains__)

    def print_of(**changes):
        texts.update(CODE)
        for module, (old, new) in changes.items():
            module = next(name for name in texts if name.endswith(module))
            assert old in texts[module]
            texts[module] = texts[module].replace(old, new)
        fingerprints._names.cache_clear()
        return fingerprints.fingerprint("demo")

    yield print_of
    fingerprints._names.cache_clear()


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("demo", "RATE = 0.1", "RATE = 0.2"),
        ("demo", "lesson.trained(", "lesson.other("),
        ("other", "return 1", "return 7"),
        ("training", "return 3", "return 7"),
        ("shapes", "return 4", "return 7"),
        ("lesson_99", "'brain_mri'", "'skin_lesions'"),
        ("lesson_99", "return load", "return keras.load"),
    ],
)
def test_what_a_run_uses_changes_it(code, module, old, new):
    assert code() != code(**{module: (old, new)})


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("demo", "What it does.", "What it does now."),
        ("demo", "RATE = 0.1", "RATE    = 0.1  # as chosen"),
        ("demo", "return 1", "return 7"),
        ("other", "return 2", "return 7"),
        ("plotting", "return 5", "return 7"),
        ("shapes", "return 'x'", "return 'y'"),
        ("lesson_99", "return 6", "return 7"),
    ],
)
def test_what_it_does_not_use_and_what_only_explains_does_not(code, module, old, new):
    assert code() == code(**{module: (old, new)})


def test_the_embedded_set_that_the_lesson_names_belongs_to_it(code, tmp_path, monkeypatch):
    before = code()
    monkeypatch.setattr(fingerprints, "ROOT", tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "SHA256SUMS").write_text("0123  brain_mri.npz\n")
    assert code() != before


@pytest.mark.parametrize("name", experiments())
def test_an_experiment_reaches_code_of_ours_and_the_sets_that_the_index_names(name):
    reached = fingerprints.reached(name)
    assert (f"authoring.experiments.{name}", "measure") in reached
    assert any(module.startswith("course_utils.") for module, _ in reached)
    for table in experiments()[name]:
        assert set(index()[table].data) == fingerprints.embedded_sets(reached)


def test_no_table_is_stale():
    found = stale()
    assert not found, "Computed by other code. To compare and stamp, run:\n" + "\n".join(found)
