"""The guide's code runs from top to bottom on a folder as it describes, with what it promises."""

import json
import re
import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from course_utils import ROOT

GUIDE = (ROOT / "docs" / "your_own_data.md").read_text(encoding="utf-8")
# The blocks of volumes run in the tests of volumes.
SECTIONS = [part for part in re.split(r"(?m)^## ", GUIDE) if not part.startswith("Volumes")]


def blocks():
    return re.findall(r"```python\n(.*?)```", "\n".join(SECTIONS), re.DOTALL)


def picture(rng, diseased, shape=(48, 40)):
    """Return noise, in the diseased with a bright disk somewhere."""
    rows, columns = np.indices(shape)
    row, column = rng.integers(14, 26, 2)
    disk = (rows - row) ** 2 + (columns - column) ** 2 < 40
    pixels = np.clip(rng.normal(90, 25, shape) + 110 * (disk & diseased), 0, 255).astype(np.uint8)
    return pixels, (disk & diseased).astype(np.uint8) * 255


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """Write the folders that the guide describes, and work there."""
    rng, rows = np.random.default_rng(0), []
    for k in range(120):
        pixels, mask = picture(rng, k % 2 == 1)
        name = f"yes/Y{k}.png" if k % 2 else f"no/{k} no.png"
        # As it comes: some pictures have three channels.
        save(tmp_path / "brain" / name, np.repeat(pixels[..., None], 3, 2) if k % 5 else pixels)
        if k < 12:
            label = ("benign", "malignant")[k % 2]
            color = np.stack([pixels, pixels // 2, pixels // 3], axis=-1)
            save(tmp_path / "skin" / label / f"P{k // 2}_{k}.png", color)
            save(tmp_path / "outlined" / label / f"{k:03}.png", pixels)
            save(tmp_path / "outlined" / label / f"{k:03}_mask.png", mask)
            save(tmp_path / "breast" / "images" / f"{k:03}.png", pixels)
            save(tmp_path / "breast" / "masks" / f"{k:03}.png", mask)
            split = ("train", "validation", "test")[k % 3]
            rows.append((f"{k:03}.png", label, f"P{k:02}", split, 40 + k))
    columns = ["file", "label", "patient", "split", "age"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "breast" / "labels.csv", index=False)
    for k in range(2):
        save(tmp_path / "new" / f"{k}.jpg", picture(rng, k == 1)[0])
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    return tmp_path


def test_the_guide_runs_from_the_folder_to_the_saved_network(workspace, capsys):
    names = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for number, block in enumerate(blocks()):
            source = block.replace("epochs=80", "epochs=12").replace("(96, 96)", "(32, 32)")
            exec(compile(source, f"block {number}", "exec"), names)
    said = capsys.readouterr().out
    assert "train: {'no': 36, 'yes': 36} pictures in 72 groups" in said
    assert "12 positive and 12 negative" in said
    scores = pd.read_csv("scores_by_group.csv")
    assert len(scores) == 24
    assert set(scores["called"]) <= {"no", "yes"}
    assert json.loads((workspace / "brain.json").read_text())["classes"] == ["no", "yes"]
    assert len(re.findall(r"(?m)^\d\.jpg: (no|yes) \(probability", said)) == 2
    assert names["by_patient"].groups.tolist()[:2] == ["P0", "P1"]
    assert names["breast"].mask("lesion").any(axis=(1, 2)).sum() == 6
    assert names["beside"].mask("lesion").any(axis=(1, 2)).sum() == 6
    assert "label outside the list (20)" in said
    assert "SIMULATED images\n  20 images" in said


def test_every_link_within_the_guide_leads_to_a_section():
    titles = re.findall(r"(?m)^#+ (.*)$", GUIDE)
    places = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#(.*?)\)", GUIDE)) <= places
