"""The benchmark on real slices reads a folder in order, and averages runs, not slices."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent


@pytest.fixture
def brain_real(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    import brain_real

    return brain_real


def test_slices_come_in_the_order_of_their_numbers_and_alike_neighbors_share_a_run(
    brain_real, tmp_path
):
    numbers = {"meningioma": (10, 9, 8), "glioma": (21, 20), "pituitary": (30,)}
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    rows = [(n, d) for d, several in numbers.items() for n in several]
    for number, _ in rows:
        image = np.zeros((64, 64), np.uint8)
        # 8 and 9 are alike, 10 is not.
        place = 12 * {8: 0, 9: 0, 10: 1, 20: 2, 21: 3, 30: 4}[number]
        image[place : place + 12, 10:50] = 100 + number
        Image.fromarray(image).save(tmp_path / "images" / f"{number}.png")
        mask = np.zeros((64, 64), np.uint8)
        mask[20:40, 20:40] = 255
        Image.fromarray(mask).save(tmp_path / "masks" / f"{number}.png")
    table = pd.DataFrame([(f"{n}.png", d) for n, d in rows], columns=["file", "diagnosis"])
    table.to_csv(tmp_path / "labels.csv", index=False)
    data = brain_real.read(tmp_path)
    assert list(data.attributes["file"]) == [f"{n}.png" for n in (8, 9, 10, 20, 21, 30)]
    assert list(data.groups) == [0, 0, 1, 2, 3, 4]
    assert data.images.shape == (6, 96, 96, 1)


def test_a_gain_is_taken_run_by_run(brain_real):
    scores = [0.2, 0.4, 0.6, 0.5, 0.5, 0.8]
    table = pd.DataFrame(
        [
            {"diagnosis": d, "group": f"{d}{g % 3}", "arm": arm, "dice": scores[g]}
            for d in brain_real.DIAGNOSES
            for arm, groups in (("as it is", (0, 1, 2)), ("fine-tuned", (3, 4, 5)))
            for g in groups
        ]
    )
    found = brain_real.summary(table).set_index(["diagnosis", "arm"])
    assert found.loc[("glioma", "as it is"), "dice"] == pytest.approx(0.4)
    assert found.loc[("glioma", "gain"), "dice"] == pytest.approx(0.2)
    assert found.loc[("glioma", "gain"), "runs"] == 3
