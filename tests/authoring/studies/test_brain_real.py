"""The benchmark on real slices divides blocks, and averages blocks, not slices."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from authoring.studies import brain_real


@pytest.fixture
def folder(tmp_path):
    """Write three slices of meningioma, two of glioma, one of a pituitary tumor."""
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
    lines = [(f"{n}.png", d, f"{d}{n % 2}") for n, d in rows]
    table = pd.DataFrame(lines, columns=["file", "diagnosis", "block"])
    table.to_csv(tmp_path / "labels.csv", index=False)
    return tmp_path


def test_slices_come_in_the_order_of_their_numbers_and_alike_neighbors_share_a_run(folder):
    data = brain_real.read(folder, "run")
    assert list(data.attributes["file"]) == [f"{n}.png" for n in (20, 21, 8, 9, 10, 30)]
    assert list(data.groups) == [0, 1, 2, 2, 3, 4]
    assert data.images.shape == (6, 96, 96, 1)


def test_blocks_are_those_of_the_table(folder):
    groups = brain_real.read(folder).groups
    several = ["glioma0", "glioma1", "meningioma0", "meningioma1", "meningioma0", "pituitary0"]
    assert list(groups) == several
    table = pd.read_csv(folder / "labels.csv")
    table.drop(columns="block").to_csv(folder / "labels.csv", index=False)
    with pytest.raises(ValueError, match="one column more, block"):
        brain_real.read(folder)
    assert len(brain_real.read(folder, "run")) == 6


def test_bad_folders_are_refused_in_a_sentence_before_training(folder):
    few = "received groups of meningioma 2, glioma 2, pituitary 1; allowed: at least two of each"
    for place, said in ((folder / "nowhere", "There is no folder"), (folder, few)):
        with pytest.raises(ValueError, match=said):
            brain_real.main(["--real-data", str(place)])


def test_nobody_is_scored_by_a_network_that_saw_them(folder, monkeypatch):
    data, seen, scored = brain_real.read(folder, "run"), [], []

    def fine_tuned(half, mask, *, seed):
        seen.append(set(half.groups))
        return "tuned"

    def scores(model, some, arm):
        scored.append((model, set(some.groups)))
        return pd.DataFrame({"arm": [arm]})

    monkeypatch.setattr(brain_real.LESSON, "fine_tuned", fine_tuned)
    monkeypatch.setattr(brain_real, "scores", scores)
    monkeypatch.setattr(brain_real.transfer, "load", lambda name: "as it is")
    table = brain_real.halves(data, seed=0)
    assert list(table["arm"]) == ["as it is", "fine-tuned", "fine-tuned"]
    assert scored[0] == ("as it is", set(data.groups))
    assert scored[1][1] | scored[2][1] == set(data.groups)
    for groups, (model, others) in zip(seen, scored[1:], strict=True):
        assert model == "tuned"
        assert not groups & others


def test_a_block_has_one_dice_over_its_pixels_and_one_that_is_the_mean_of_its_slices(folder):
    data = brain_real.read(folder)
    masks = data.mask("tumor").astype(bool)
    first, kept = masks[2].sum(), masks[4].sum()
    masks[2] = False
    row = brain_real.score(data, masks, "an arm").loc["meningioma0"]
    assert row["slice_dice"] == pytest.approx(0.5)
    assert row["dice"] == pytest.approx(2 * kept / (2 * kept + first))


def test_rows_of_other_starts_are_kept_and_the_same_rows_replaced(tmp_path):
    one = pd.DataFrame({"start": "before", "division": ["block", "run"], "slices": 6, "dice": 0.1})
    path = tmp_path / "table.csv"
    path.write_text("# made by\n" + one.to_csv(index=False))
    two = pd.DataFrame({"start": ["before"], "division": "run", "slices": 6, "dice": 0.2})
    assert list(brain_real.add(two, path)["dice"]) == [0.1, 0.2]
    assert len(brain_real.add(two.assign(start="shipped"), path)) == 3
    assert len(brain_real.add(two, tmp_path / "none.csv")) == 1


def test_differences_are_taken_group_by_group_and_few_groups_are_said_to_be_few():
    scores = {
        "as it is": (0.2, 0.4, 0.6),
        "fine-tuned": (0.5, 0.5, 0.8),
        "brightest blob": (0.1, 0.3, 0.8),
    }
    table = pd.DataFrame(
        [
            {"diagnosis": d, "group": f"{d}{g}", "arm": arm, "dice": dice, "slice_dice": dice}
            for d in brain_real.DIAGNOSES
            for arm, values in scores.items()
            for g, dice in enumerate(values)
        ]
    )
    found = brain_real.summary(table).set_index(["diagnosis", "arm"])
    assert found.loc[("glioma", "as it is"), "dice"] == pytest.approx(0.4)
    assert found.loc[("glioma", "gain"), "dice"] == pytest.approx(0.2)
    assert found.loc[("glioma", "gain"), "blocks"] == 3
    difference = found.loc[("pituitary", "as it is - brightest blob")]
    # Of the differences 0.1, 0.1 and -0.2; drawing groups of each arm alone would reach lower.
    assert difference["dice"] == pytest.approx(0)
    assert (difference["low"], difference["high"]) == pytest.approx((-0.2, 0.1))
    assert found["warning"].str.startswith("Only 3 near-duplicate").all()
