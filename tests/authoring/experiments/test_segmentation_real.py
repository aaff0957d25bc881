"""Fine-tuning on one half and scoring the other, without ever training."""

import numpy as np
import pytest

from authoring.experiments import segmentation_real
from course_utils import models, training, transfer
from tests.tiny_data import tiny


def slices():
    """Return eight groups of one class each, masks that fill a corner."""
    images = np.zeros((8, 96, 96, 1), np.uint8)
    masks = np.zeros((8, 96, 96), np.uint8)
    masks[:, :10, :10] = 1
    return tiny(
        images=images, labels=[0, 1] * 4, groups=list("ABCDEFGH"), splits=None, masks=masks,
        mask_names=("tumor",), channel_names=("T1c",), sites=None, slice_positions_mm=None,
        slice_thickness_mm=None, pixel_spacing_mm=None, attributes=None, origin="real",
    )  # fmt: skip


def test_nobody_is_scored_by_a_network_that_saw_them(monkeypatch):
    seen, scored = [], []

    def fine_tuned(data, mask, *, seed):
        seen.append(set(data.groups))
        return "tuned"

    def scores(model, data, mask):
        scored.append((model, set(data.groups)))
        return segmentation_real.pd.DataFrame({"dice": [0.5]})

    monkeypatch.setattr(segmentation_real, "fine_tuned", fine_tuned)
    monkeypatch.setattr(segmentation_real, "scores", scores)
    monkeypatch.setattr(transfer, "trained", lambda name: "as it is")
    table = segmentation_real.halves(slices(), "tumor")
    assert list(table["arm"]) == ["as it is", "fine-tuned", "fine-tuned"]
    assert scored[0] == ("as it is", set("ABCDEFGH"))
    assert scored[1][1] | scored[2][1] == set("ABCDEFGH")
    for groups, (model, others) in zip(seen, scored[1:], strict=True):
        assert model == "tuned"
        assert not groups & others


def test_scores_name_the_diagnosis(monkeypatch):
    data = slices()
    monkeypatch.setattr(training, "predict", lambda model, data: data.mask("tumor") * 0.9)
    table = segmentation_real.scores(None, data, "tumor")
    assert list(table["diagnosis"]) == ["healthy", "tumor"] * 4
    assert (table["dice"] == 1).all()


@pytest.mark.slow
def test_fine_tuning_changes_the_weights(monkeypatch):
    start = models.unet((96, 96, 1), (4, 8))
    before = start.get_weights()[-1].copy()
    monkeypatch.setattr(transfer, "trained", lambda name: start)
    after = segmentation_real.fine_tuned(slices(), "tumor", epochs=1).get_weights()[-1]
    assert not np.array_equal(before, after)
