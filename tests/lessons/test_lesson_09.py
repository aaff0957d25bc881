"""The last section of lesson 09, on a small file in DermaMNIST's format made here."""

import re

import matplotlib
import nbformat
import pytest

from course_utils import ROOT, datasets, downloads
from course_utils.real_data import read_medmnist
from tests.course_utils.test_real_data import medmnist_file

PATH = ROOT / "notebooks" / "09_skin_lesions.ipynb"
HEADING = "The same on real images"


def cells():
    """Return the setup cell, the cells that define functions, and those of the last section."""
    found, wanted, inside = [], ("def per_lesion", "def scores", "def color_model"), False
    for cell in nbformat.read(PATH, as_version=4).cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^## (.+)$", cell.source, re.M)
            inside = HEADING in headings[-1] if headings else inside
        elif "setup" in cell.metadata.get("tags", []) or inside:
            found.append(cell.source)
        elif any(name in cell.source for name in wanted) or cell.source.startswith("SHORT"):
            found.append(re.sub(r"\n(first|colors_only) = .*", "", cell.source, flags=re.S))
    return found


@pytest.fixture
def real(tmp_path, monkeypatch):
    path = tmp_path / "d.npz"
    medmnist_file(path, shape=(28, 28, 3), labels=range(7), sizes=(28, 14, 14), copies=[(0, 42)])
    data = read_medmnist([path], downloads.find_set("dermamnist"))
    plain = datasets.load
    monkeypatch.setattr(
        datasets, "load", lambda name, origin="embedded": data if origin == "real" else plain(name)
    )


def test_the_section_runs_on_the_real_set_where_it_is_present(real, capsys):
    matplotlib.use("agg")
    names = {}
    for source in cells():
        exec(re.sub(r"^EPOCHS = \d+", "EPOCHS = 2", source, flags=re.M), names)
    said = capsys.readouterr().out
    assert "REAL images" in said
    assert len(re.findall(r"(?:colors|network) .*balanced accuracy .*95 % interval", said)) == 2
    assert "14 near-duplicate groups" in said
