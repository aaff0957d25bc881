"""The tool that tries a lesson's claims with other seeds: which cells it runs, and what it says."""

import nbformat
import numpy as np
import pytest

from authoring.workshop import claims
from course_utils.datasets import ImageDataset


def lesson(path, *cells):
    """Write a notebook of (source, tag) cells."""
    notebook = nbformat.v4.new_notebook()
    for source, tag in cells:
        metadata = {"tags": [tag]} if tag else {}
        notebook.cells.append(nbformat.v4.new_code_cell(source, metadata=metadata))
    nbformat.write(notebook, path)
    return path


def test_only_what_a_claim_needs_is_run():
    notebook = nbformat.v4.new_notebook()
    sources = [
        "import numpy as np",
        "network = 3",
        "unused = 1 / 0",
        "fit(network)",
        "score = network",
    ]
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook.cells[0].metadata["tags"] = ["setup"]
    claim = nbformat.v4.new_code_cell("Claim('', score > 2, '')", metadata={"tags": ["claim"]})
    later = nbformat.v4.new_code_cell("after = score")
    notebook.cells += [claim, later]
    wanted = [*sources[:2], *sources[3:], claim.source]
    assert claims.needed_cells(notebook) == wanted


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("training.set_seed(0)", "training.set_seed(7)"),
        ("Augmenter(flip=True, seed=2)", "Augmenter(flip=True, seed=9)"),
        ("split(data, seed=0)", "split(data, seed=0)"),
    ],
)
def test_seeds_are_added(source, changed):
    assert claims.with_seed(source, 7) == changed


def test_shuffled_labels_belong_to_groups_and_keep_their_numbers():
    groups = np.repeat(["a", "b", "c", "d"], 2)
    data = ImageDataset(
        name="tiny",
        images=np.zeros((8, 4, 4, 1), np.uint8),
        labels=np.repeat([0, 0, 1, 1], 2),
        class_names=("no", "yes"),
        groups=groups,
        group_kind="patient",
        origin="simulated",
    )
    found = [claims.shuffled(data, seed).labels for seed in range(20)]
    assert all(len(set(labels[groups == group])) == 1 for labels in found for group in "abcd")
    assert all(np.bincount(labels).tolist() == [4, 4] for labels in found)
    assert len({tuple(labels) for labels in found}) > 3


@pytest.mark.slow
def test_a_claim_that_fails_is_counted(tmp_path, capsys):
    claim = "Claim('above 1', holds=seed_of_run > 1, got=str(seed_of_run))"
    path = lesson(
        tmp_path / "99_x.ipynb",
        ("from course_utils.results import Claim\nimport re", "setup"),
        ("set_seed = int\nseed_of_run = set_seed(0)", None),
        (claim, "claim"),
    )
    assert claims.main([str(path), "--seeds", "2", "--threads", "1"]) == 1
    said = capsys.readouterr().out
    assert "seed 1, threads 1" in said
    assert "✗ 1" in said
    assert "✓ 2" in said
    assert "1 of 2 as they should be" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claims_of_lesson", "code"),
    [
        ("Claim('a', False, '')\nClaim('b', False, '')", 0),
        ("Claim('a', False, '')\nClaim('b', True, '')", 1),
        ("Claim('a', 1 / 0 > 1, '')", 1),
    ],
    ids=["all fail", "one holds", "an error"],
)
def test_where_nothing_can_be_learned_every_claim_must_fail(tmp_path, claims_of_lesson, code):
    path = lesson(
        tmp_path / "99_x.ipynb",
        ("from course_utils.results import Claim", "setup"),
        (claims_of_lesson, "claim"),
    )
    assert claims.main([str(path), "--seeds", "1", "--shuffled"]) == code


def test_unknown_lesson_is_refused(capsys):
    assert claims.main(["77"]) == 2
    assert "77" in capsys.readouterr().err
