"""A sealed test set cannot be read by mistake, and its record counts who opened it."""

import copy
import dataclasses
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from course_utils import evaluation, models, training
from course_utils.datasets import split_by_group
from tests.tiny_data import tiny


@pytest.fixture
def record(tmp_path):
    return tmp_path / "test.jsonl"


@pytest.fixture
def sealed(record):
    return tiny().seal(record)


def network():
    return models.compact_cnn((8, 10, 2), filters=(2,))


# What somebody types who has forgotten that the set is sealed.
WAYS = {
    "index": lambda sealed: sealed[0],
    "slice": lambda sealed: sealed[:2],
    "loop": lambda sealed: [*sealed],
    "search": lambda sealed: 1 in sealed,
    "images": lambda sealed: sealed.images,
    "labels": lambda sealed: sealed.labels,
    "masks": lambda sealed: sealed.masks,
    "a mask": lambda sealed: sealed.mask("core"),
    "attributes": lambda sealed: sealed.attributes,
    "groups": lambda sealed: sealed.groups,
    "as_float": lambda sealed: sealed.as_float(),
    "select": lambda sealed: sealed.select([0]),
    "split": lambda sealed: sealed.split("test"),
    "per_group": lambda sealed: sealed.per_group(np.zeros(6)),
    "save": lambda sealed: sealed.save("x.npz"),
    "split_by_group": lambda sealed: split_by_group(sealed, {"a": 0.5, "b": 0.5}, seed=0),
    "vars": lambda sealed: vars(sealed),
    "__dict__": lambda sealed: sealed.__dict__,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "replace": lambda sealed: dataclasses.replace(sealed, name="open"),
    "fields": dataclasses.fields,
    "asdict": dataclasses.asdict,
    "NumPy": np.asarray,
    "NumPy's shape": np.shape,
    "TensorFlow": tf.convert_to_tensor,
    "tf.data": tf.data.Dataset.from_tensor_slices,
    "to_tf": training.to_tf,
    "fit": lambda sealed: training.fit(network(), sealed, tiny().split("train"), epochs=1),
    "validation": lambda sealed: training.fit(network(), tiny().split("train"), sealed, epochs=1),
    "predict": lambda sealed: training.predict(network(), sealed),
    "a score": lambda sealed: evaluation.roc_auc(sealed, [0, 1]),
    "its labels": lambda sealed: evaluation.roc_auc(sealed.labels, [0, 1]),
    "an interval": lambda sealed: evaluation.bootstrap_values(sealed),
}
# Refused by Python in words of its own.
OF_PYTHON = ("vars", "replace", "fields", "asdict")


@pytest.mark.parametrize("way", WAYS)
def test_the_sealed_set_cannot_be_read_by_mistake(sealed, record, way):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        WAYS[way](sealed)
    if way in OF_PYTHON:
        assert caught.type is TypeError
    else:
        assert "sealed.open('why')" in str(caught.value)
    assert len(sealed.openings) == 0
    # The remedy works.
    assert sealed.open("why").labels.tolist() == tiny().labels.tolist()


def test_what_it_shows_of_itself_holds_no_image(sealed):
    assert repr(sealed) == (
        "SealedDataset 'tiny': SIMULATED images\n"
        "  6 images, groups (patient): healthy 2, tumor 2\n"
        "  sealed; openings so far: 0"
    )
    assert not hasattr(sealed, "_repr_html_")
    assert len(sealed) == 6
    assert sealed.counts == {"healthy": 2, "tumor": 2}
    assert (sealed.origin, sealed.license) == ("simulated", "MIT")
    stored = [getattr(sealed, name) for name in type(sealed).__slots__]
    assert not [
        value for value in stored if isinstance(value, np.ndarray) or hasattr(value, "images")
    ]


def test_an_opening_is_recorded_before_the_images_are_there(sealed, record):
    data = sealed.open("final test: Überblick\n\u2028")
    assert np.array_equal(data.images, tiny().images)
    first, entry = map(json.loads, record.read_text().splitlines())
    assert first["sealed"] == "tiny"
    assert entry["opening"] == 1
    assert entry["reason"] == "final test: Überblick\n\u2028"
    assert entry["time"].endswith("+00:00")
    sealed.open("again, a figure was wrong")
    assert sealed.openings["opening"].tolist() == [1, 2]
    assert sealed.openings["reason"].tolist()[1] == "again, a figure was wrong"


@pytest.mark.parametrize("reason", ["", "  ", None, 3])
def test_no_opening_without_a_reason(sealed, reason):
    with pytest.raises(ValueError, match="reason"):
        sealed.open(reason)
    assert len(sealed.openings) == 0


def test_the_same_images_go_on_counting_also_in_another_order(sealed, record):
    sealed.open("first")
    again = tiny().select([5, 4, 3, 2, 1, 0]).seal(record)
    again.open("second")
    assert len(sealed.openings) == len(again.openings) == 2


def test_other_images_are_refused_and_another_name_helps(sealed, record):
    other = tiny(images=255 - tiny().images)
    with pytest.raises(ValueError, match="Choose another name"):
        other.seal(record)
    assert len(other.seal(record.with_name("other.jsonl")).openings) == 0
    assert len(sealed.openings) == 0


def test_a_second_record_of_the_same_images_is_noticed(sealed, record):
    sealed.open("first")
    with pytest.raises(ValueError, match=r"Seal with test\.jsonl"):
        tiny().seal(record.with_name("fresh.jsonl"))
    assert len(tiny().seal(record).openings) == 1
    link = record.with_name("link.jsonl")
    link.symlink_to(record)
    assert len(tiny().seal(link).openings) == 1


@pytest.mark.parametrize("name", ["record.txt", "record", "no such folder/record.jsonl"])
def test_a_record_has_an_ending_and_a_folder(tmp_path, name):
    with pytest.raises(ValueError, match=r"ends in \.jsonl, in a folder that exists"):
        tiny().seal(tmp_path / name)


def without_line(text, k):
    lines = text.splitlines(keepends=True)
    return "".join(lines[:k] + lines[k + 1 :])


DAMAGE = {
    "emptied": lambda text: "",
    "cut short": lambda text: text[:-9],
    "first line gone": lambda text: without_line(text, 0),
    "an opening gone": lambda text: without_line(text, 1),
    "no JSON": lambda text: text + "hello\n",
    "not an entry": lambda text: text + "[3]\n",
    "no reason": lambda text: text.replace('"first"', '""'),
    "overwritten": lambda text: "\x00" * len(text),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_record_is_refused_never_reset_and_both_remedies_work(sealed, record, damage):
    sealed.open("first")
    sealed.open("second")
    good = record.read_text()
    bad = DAMAGE[damage](good)
    record.write_text(bad)
    for attempt in (
        lambda: sealed.open("third"),
        lambda: tiny().seal(record),
        lambda: sealed.openings,
    ):
        with pytest.raises(ValueError, match=r"test.jsonl: .*Restore it.*move it away"):
            attempt()
    assert record.read_text() == bad
    record.write_text(good)
    assert len(tiny().seal(record).openings) == 2
    record.write_text(bad)
    (record.parent / "damaged").mkdir()
    record.rename(record.parent / "damaged" / "test.jsonl")
    assert len(tiny().seal(record).openings) == 0


def test_a_record_that_is_deleted_under_an_open_kernel_is_noticed(sealed, record):
    record.unlink()
    with pytest.raises(ValueError, match="missing"):
        sealed.open("third")
    assert not record.exists()


def test_the_folder_of_the_kernel_may_change(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sealed = tiny().seal("test.jsonl")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    sealed.open("why")
    assert len((tmp_path / "test.jsonl").read_text().splitlines()) == 2


OPEN = """
import sys
from tests.tiny_data import tiny
sealed = tiny().seal(sys.argv[1])
sys.stdin.readline()
for _ in range(20):
    sealed.open("process " + sys.argv[2])
"""


def test_openings_of_two_processes_at_once_all_count(record):
    def start(name):
        return subprocess.Popen(
            [sys.executable, "-c", OPEN, record, name], stdin=subprocess.PIPE, text=True
        )

    processes = [start("A"), start("B")]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    openings = tiny().seal(record).openings
    assert openings["opening"].tolist() == list(range(1, 41))
    assert openings["reason"].value_counts().to_dict() == {"process A": 20, "process B": 20}
