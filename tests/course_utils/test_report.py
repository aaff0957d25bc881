"""The report says what the study found, needs nothing but itself, and refuses what is unclear."""

import re
import tomllib
from html.parser import HTMLParser
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from course_utils import ROOT, evaluation, report
from tests.tiny_data import tiny

VOID = {"meta", "img", "br", "link", "input", "hr"}
LABELS = np.repeat([0, 1], 20)
PROBABILITIES = np.random.default_rng(0).uniform(0.5 * LABELS, 1)
CARD = "# Model card: x\n\n## Intended use\n\n- Teaching <b>only</b>.\n"


class Page(HTMLParser):
    """Collects tags, texts and tables, and fails where tags are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.cells, self.headings = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.cells[-1] += data
        if self.open and re.fullmatch(r"h\d", self.open[-1]):
            self.headings.append((int(self.open[-1][1]), data))

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def study(tmp_path):
    parts = {name: tiny().split(name) for name in ("train", "test")}
    sealed = parts["test"].seal(tmp_path / "test.jsonl")
    sealed.open("the one test")
    auc = evaluation.bootstrap(evaluation.roc_auc, LABELS, PROBABILITIES)
    return {
        "title": "A study",
        "parts": parts,
        "settings": {"epochs": 3, "optimizer": "Adam <0.001>"},
        "scores": [auc],
        "openings": sealed,
        "limits": ["Few patients.", "One scanner."],
    }


@pytest.fixture
def write(study, tmp_path):
    def write(**changes):
        others = {"figures": {}, "checklists": {}, "model_card": CARD, "overwrite": True}
        path = report.write_report(tmp_path / "study.html", **others | study | changes)
        return path.read_text(encoding="utf-8")

    return write


def figure():
    drawn, ax = plt.subplots(figsize=(2, 2))
    ax.plot([2, 1])
    plt.close(drawn)
    return drawn


def test_the_page_loads_nothing_and_is_well_formed(write, study):
    lists = {n: report.checklist(n, report.known_answers(n, **study)) for n in report.CHECKLISTS}
    text = write(figures={"Loss by epoch": figure(), "ROC": figure()}, checklists=lists)
    page = Page(text)
    addresses = [a[key] for _, a in page.tags for key in ("src", "href") if key in a]
    assert addresses
    assert all(address.startswith("data:image/png;base64,") for address in addresses)
    assert "url(" not in text
    assert "@import" not in text
    assert not page.all("script") + page.all("link")
    assert page.all("html") == [{"lang": "en"}]
    assert "Loss by epoch" in [a["alt"] for a in page.all("img")]
    assert all(a["alt"] for a in page.all("img"))
    # Two samples of train (one of each class), one of test, two figures.
    assert len(page.all("img")) == 5
    assert {a["scope"] for a in page.all("th")} == {"col", "row"}
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert levels.count(1) == 1


def test_what_readers_write_is_escaped(write):
    evil = "<script>alert(1)</script>"
    text = write(
        title=evil,
        settings={evil: evil},
        limits=[evil],
        figures={f'"{evil}': figure()},
        model_card=f"## {evil}\n\n{evil}",
        parts={evil: tiny(name=evil, source=evil, license=evil)},
    )
    assert "<script" not in text
    assert len(Page(text).all("img")) > 1


def test_numbers_are_those_of_the_table(write):
    table = pd.DataFrame(
        {
            "name": ["AUC", "gain"],
            "value": [0.87654, -0.0001],
            "low": [0.8, -0.25],
            "high": [0.91249, 0.5],
            "n_groups": [40, 12],
            "group_kind": ["patient", "lesion"],
            "method": ["logit-t", "percentile"],
            "part": ["test", "second scanner"],
        }
    )
    cells = Page(write(scores=table)).cells
    first = cells.index("AUC")
    assert cells[first : first + 6] == [
        *("AUC", "0.877", "0.800 to 0.912", "40 patients", "logit-t", "test")
    ]
    assert cells[first + 6 : first + 12] == [
        *("gain", "0.000", "-0.250 to 0.500", "12 lesions", "percentile", "second scanner")
    ]


def test_intervals_come_from_bootstrap_or_from_the_report_of_scores(write, study):
    auc = study["scores"][0]
    made = evaluation.report(LABELS, PROBABILITIES)
    few = evaluation.bootstrap(evaluation.roc_auc, LABELS[15:25], [PROBABILITIES[15:25]] * 2)
    text = write(scores=[few])
    assert "Only 5 patients" in text
    assert "spread_over_runs" in text
    for scores in ([auc], made):
        cells = Page(write(scores=scores)).cells
        first = cells.index("AUC")
        assert cells[first + 1] == f"{auc.value:.3f}"
        assert cells[first + 3] == "40 patients"


def test_the_page_prints_openings_versions_limits_and_the_card(write):
    text = write()
    page = Page(text)
    assert "opened 1 time." in text
    assert "the one test" in page.cells
    assert {"Python", "tensorflow", "keras", "numpy", "course-utils"} <= set(page.cells)
    assert "<li>One scanner.</li>" in text
    assert "Teaching &lt;b&gt;only&lt;/b&gt;." in text
    assert (3, "Intended use") in page.headings
    assert "nobody counted" in write(openings=None)


def test_the_origin_is_printed_on_top(write):
    assert report.SIMULATED in write()
    assert report.NOT_CLINICAL in write()
    real = {"train": tiny(origin="real")}
    assert report.SIMULATED not in write(parts=real)
    mixed = real | {"test": tiny(images=255 - tiny().images)}
    assert report.SIMULATED in write(parts=mixed)
    assert report.NOT_CLINICAL in write(parts=real)


def test_a_sealed_part_shows_its_numbers_and_no_image(write, study, tmp_path):
    sealed = tiny().seal(tmp_path / "other.jsonl")
    text = write(parts={"test": sealed}, openings=None)
    assert Page(text).all("img") == []
    assert "simulated, sealed" in text
    assert "opened 0 times" in text


def test_a_leak_between_parts_is_named(write, study):
    assert "Leak" not in write()
    overlap = {"train": tiny().select([0, 2]), "test": tiny().select([1, 2])}
    # Patient A has images in both, and image 2 is in both, patient B.
    sentence = "Leak: train and test share 2 patients, 1 images."
    assert sentence in write(parts=overlap)
    answers = report.known_answers("CLAIM 2024", **study | {"parts": overlap})
    assert answers["20"] == sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scores": [0.9]}, "evaluation.bootstrap"),
        ({"scores": []}, "evaluation.bootstrap"),
        ({"scores": 0.9}, "evaluation.bootstrap"),
        ({"scores": pd.DataFrame({"name": ["AUC"], "value": [0.9]})}, "without low, high"),
        ({"parts": {"train": np.zeros(3)}}, "parts: received"),
        ({"parts": {}}, "parts: received"),
        ({"parts": tiny()}, "parts: received"),
        ({"settings": {}}, "settings"),
        ({"openings": 3}, "openings"),
        ({"openings": pd.DataFrame({"reason": ["x"]})}, "openings"),
        ({"limits": []}, "limits"),
        ({"title": " "}, "title"),
        ({"figures": {"ROC": "roc.png"}}, "figures"),
        ({"figures": {" ": figure()}}, "figures"),
        ({"figures": [figure()]}, "figures"),
        ({"model_card": None}, "model_card"),
        ({"checklists": {"CLAIM 2024": {"1": "yes"}}}, "checklists"),
        ({"other": 1}, "study"),
    ],
)
def test_bad_input_is_refused_in_one_sentence_and_writes_nothing(write, tmp_path, change, words):
    with pytest.raises(ValueError, match=words):
        write(**change)
    assert not (tmp_path / "study.html").exists()


@pytest.mark.parametrize(
    "change",
    [
        *({"low": np.nan}, {"high": np.inf}, {"low": 0.9, "high": 0.8}, {"value": "high"}),
        *({"n_groups": "many"}, {"group_kind": None}),
    ],
)
def test_a_score_without_number_or_unit_is_refused(write, change):
    row = {"name": "AUC", "value": 0.85, "low": 0.8, "high": 0.9, "n_groups": 9}
    row |= {"group_kind": "patient", "method": "logit-t"}
    write(scores=pd.DataFrame([row]))
    with pytest.raises(ValueError, match=r"scores: received \{'name': 'AUC'"):
        write(scores=pd.DataFrame([row | change]))


def test_a_file_is_replaced_only_when_told(write, study, tmp_path):
    before = write()
    others = {"figures": {}, "checklists": {}, "model_card": CARD}
    with pytest.raises(ValueError, match="overwrite=True"):
        report.write_report(tmp_path / "study.html", **others, **study)
    assert (tmp_path / "study.html").read_text() == before
    report.write_report(tmp_path / "study.html", **others, **study, overwrite=True)
    for name in ("study.txt", "no folder/study.html"):
        with pytest.raises(ValueError, match=r"ends in \.html"):
            report.write_report(tmp_path / name, **others, **study)
    assert {path.name for path in tmp_path.iterdir()} == {"study.html", "test.jsonl"}


def test_guidelines_have_their_published_number_of_items():
    sizes = {name: len(report.checklist(name, {})) for name in report.CHECKLISTS}
    assert sizes == {"CLAIM 2024": 44, "TRIPOD+AI": 52, "STARD-AI": 48}
    numbered = {
        name: {re.match(r"\d+", item)[0] for item in report.checklist(name, {})["item"]}
        for name in report.CHECKLISTS
    }
    assert {name: len(items) for name, items in numbered.items()} == {
        **{"CLAIM 2024": 44, "TRIPOD+AI": 27, "STARD-AI": 40}
    }
    bibliography = (ROOT / "references.bib").read_text(encoding="utf-8")
    for path in (ROOT / "data" / "reporting").glob("*.toml"):
        if doi := re.search('doi = "(.*)"', path.read_text(encoding="utf-8")):
            assert doi[1] in bibliography


def test_the_answers_for_lesson_08_begin_where_the_run_ends(study):
    text = (ROOT / "data" / "reporting" / "lesson_08.toml").read_text(encoding="utf-8")
    written = tomllib.loads(text)
    assert list(written) == list(report.CHECKLISTS)
    for name, answers in written.items():
        known = report.known_answers(name, **study)
        assert not set(known) & set(answers)
        table = report.checklist(name, known | answers)
        assert 0 < (table["state"] == "missing").sum() < 10


def test_items_are_answered_or_missing():
    table = report.checklist(
        "TRIPOD+AI", {"17": " Not needed: simulated. ", "18a": "", "4": "Both."}
    )
    answered = table[table["state"] == "answered"]
    assert answered[["item", "answer"]].to_numpy().tolist() == [
        *(["4", "Both."], ["17", "Not needed: simulated."])
    ]
    assert (table["state"] == "missing").sum() == 50
    for wrong in ({"99": "x"}, {4: "x"}, {"4": None}, {"4": True}):
        with pytest.raises(ValueError, match=r"item of TRIPOD|answer to 4"):
            report.checklist("TRIPOD+AI", wrong)
    with pytest.raises(ValueError, match="CLAIM 2024, TRIPOD"):
        report.checklist("CLAIM 2020", {})


def test_the_run_answers_what_it_knows_and_nothing_else(study):
    known = report.known_answers("CLAIM 2024", **study)
    assert list(known) == ["7", "20", "23", "25", "28", "29", "32", "38", "40"]
    auc = study["scores"][0]
    assert known["38"] == f"AUC {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f})"
    assert known["7"] == "tiny, simulated: made by the tests; license MIT"
    assert known["32"] == "Sealed test set, openings: 1."
    assert known["40"] == "Few patients. One scanner."
    assert "32" not in report.known_answers("CLAIM 2024", **study | {"openings": None})
    tripod = report.known_answers("TRIPOD+AI", **study)
    train = "train: 3 images, patients: healthy 1, tumor 1"
    assert tripod["21"] == f"{train}; test: 1 images, patients: healthy 1, tumor 0"


def test_nothing_is_said_of_images_that_are_still_sealed(study):
    parts = study["parts"] | {"test": study["openings"]}
    assert "20" not in report.known_answers("CLAIM 2024", **study | {"parts": parts})


def test_the_model_card_has_the_published_sections_and_what_the_study_knows(study):
    card = report.model_card("net", tested=["test"], texts={"Factors": "Age."}, **study)
    sections = dict(re.findall(r"^## (.*)\n\n((?:.+\n)+)", card, flags=re.MULTILINE))
    assert list(sections) == list(report.SECTIONS)
    assert sections["Factors"] == "Age.\n"
    assert sections["Metrics"] == "Not stated.\n"
    assert sections["Evaluation data"].startswith("- test (simulated): 1 images")
    assert sections["Training data"].startswith("- train (simulated): 3 images")
    assert sections["Quantitative analyses"].startswith("- AUC 0.")
    assert report.NOT_CLINICAL in card
    with pytest.raises(ValueError, match="Intended use"):
        report.model_card("net", tested=["test"], texts={"Metric": "x"}, **study)
    with pytest.raises(ValueError, match="tested"):
        report.model_card("net", tested=["tests"], texts={}, **study)
