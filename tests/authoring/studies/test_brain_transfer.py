"""The transfer benchmark reads its folder of real slices; skipped where there is none."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = os.environ.get("BRAIN_T1C_FOLDER", "")


@pytest.mark.skipif(not Path(FOLDER, "labels.csv").is_file(), reason="no folder of real slices")
def test_real_slices_survive_the_way_to_the_network_grid_and_back(monkeypatch):
    from authoring.studies import brain_transfer

    table, masks, boxes, images = brain_transfer.read_real(FOLDER)
    assert images.shape == (len(table), 96, 96)
    crops = [brain_transfer.crop(m, b) for m, b in zip(masks, boxes, strict=True)]
    back = brain_transfer.to_grid(crops, boxes, masks.shape[1:]) > 0.5
    assert brain_transfer.dice(back, masks).mean() > 0.97
