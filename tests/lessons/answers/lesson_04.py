"""Right and wrong answers to the exercises of lesson 04."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from course_utils import training
from course_utils._tensorflow import keras
from course_utils.exercises import lesson_04

layers = keras.layers
COMPILE = {"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy"]}


def convolution(filters, **options):
    return layers.Conv2D(filters, 3, activation="relu", **options)


def maximum(filters):
    return layers.GlobalMaxPooling2D()


def sequential(
    *parts, channels=1, scale=(1 / 127.5, -1), options=COMPILE, last="sigmoid", first=convolution
):
    """Return a function that builds a Sequential network; `parts` follow the first convolution."""

    def build(filters):
        start = [layers.Rescaling(*scale)] if scale else []
        middle = [part(filters) for part in (first, *(parts or [maximum]))]
        end = layers.Dense(1, activation=last)
        network = keras.Sequential([keras.Input((64, 64, channels)), *start, *middle, end])
        if options:
            network.compile(**options)
        return network

    return build


def functional(filters):
    inputs = keras.Input((64, 64, 1))
    x = inputs / 127.5 - 1
    x = layers.Activation("relu")(layers.Conv2D(filters, (3, 3))(x))
    x = keras.ops.max(x, axis=(1, 2))
    network = keras.Model(inputs, keras.activations.sigmoid(layers.Dense(1)(x)))
    network.compile(keras.optimizers.Adam(), keras.losses.BinaryCrossentropy(), ["accuracy"])
    return network


def added(filters):
    network = keras.Sequential()
    network.add(keras.Input(shape=(64, 64, 1)))
    network.add(layers.Rescaling(scale=2 / 255, offset=-1.0))
    network.add(layers.Conv2D(filters, kernel_size=3, padding="valid"))
    network.add(layers.ReLU())
    network.add(layers.GlobalMaxPool2D())
    network.add(layers.Dense(1))
    network.add(layers.Activation("sigmoid"))
    network.compile(optimizer="Adam", loss="binary_crossentropy", metrics=["accuracy"])
    return network


def strict(filters):
    return sequential(options=COMPILE | {"metrics": [keras.metrics.BinaryAccuracy()]})(filters)


def without_input(filters):
    network = keras.Sequential(
        [layers.Conv2D(filters, 3), layers.GlobalMaxPooling2D(), layers.Dense(1)]
    )
    network.compile(**COMPILE)
    return network


def not_returned(filters):
    sequential()(filters)


def returned_compile(filters):
    return sequential(options=None)(filters).compile(**COMPILE)


@cache
def count_by_keras(side):
    inputs = keras.Input((side, side, 3))
    x = layers.MaxPooling2D()(layers.Conv2D(32, 3)(inputs))
    x = layers.Flatten()(layers.MaxPooling2D()(layers.Conv2D(64, 3)(x)))
    return keras.Model(inputs, layers.Dense(1)(layers.Dense(128)(x))).count_params()


def by_formula(budget):
    # So many places fit into the last map; a map of that side comes from pictures up to this one.
    rest = int(np.sqrt((budget - 19_649) // (64 * 128)))
    return 4 * rest + 9


def bisected(budget):
    low, high = 12, 2000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if lesson_04._parameters(middle) <= budget else (low, middle)
    return np.int64(low)


def side(count):
    return lambda budget: max(s for s in range(12, 240) if count(s) <= budget)


def patients(folder, part, pattern="*/*.png"):
    return [path.name.split("_")[0] for path in sorted((folder / part).glob(pattern))]


def by_loops(folder):
    found = []
    parts = ["train", "validation", "test"]
    for first in parts:
        for second in parts:
            for patient in patients(folder, first):
                if first != second and patient in patients(folder, second) and patient not in found:
                    found.append(patient)
    return found


def by_counting(folder):
    places = {}
    for path in folder.rglob("*.png"):
        places.setdefault(path.stem.rsplit("_", 1)[0], set()).add(path.relative_to(folder).parts[0])
    return {patient for patient, parts in places.items() if len(parts) > 1}


def by_counter(folder):
    from collections import Counter

    parts = ("train", "validation", "test")
    counts = Counter(name for part in parts for name in set(patients(folder, part)))
    return {name for name, count in counts.items() if count > 1}


def by_pandas(folder):
    import pandas as pd

    rows = [(p.name.split("_")[0], p.parts[-3]) for p in folder.rglob("*.png")]
    counts = pd.DataFrame(rows, columns=["patient", "part"]).groupby("patient")["part"].nunique()
    return frozenset(counts[counts > 1].index)


def by_numpy(folder):
    train, valid, test = (np.unique(patients(folder, p)) for p in ("train", "validation", "test"))
    pairs = [(train, valid), (train, test), (valid, test)]
    return np.unique(np.concatenate([np.intersect1d(a, b) for a, b in pairs]).astype(str))


def by_prefix(folder):
    names = {part: patients(folder, part) for part in ("train", "validation", "test")}
    return {
        a
        for p in names
        for q in names
        if p != q
        for a in names[p]
        for b in names[q]
        if b[:2] == a[:2]
    }


def in_all_parts(folder):
    return set.intersection(*(set(patients(folder, p)) for p in ("train", "validation", "test")))


def everybody(folder):
    return {name for p in ("train", "validation", "test") for name in patients(folder, p)}


def train_and_validation(folder):
    return set(patients(folder, "train")) & set(patients(folder, "validation"))


def counted_pictures(folder):
    names = [name for p in ("train", "validation", "test") for name in patients(folder, p)]
    return {name for name in names if names.count(name) > 1}


def same_class_only(folder):
    found = set()
    for kind in ("benign", "malignant"):
        sets = [set(patients(folder, p, f"{kind}/*.png")) for p in ("train", "validation", "test")]
        found |= (sets[0] & sets[1]) | (sets[0] & sets[2]) | (sets[1] & sets[2])
    return found


class Saved:
    """Files of networks that share the weights of one training; made when first asked for."""

    folder = Path(tempfile.mkdtemp())

    @classmethod
    @cache
    def weights(cls):
        training.set_seed(0)
        pairs = [(picture, label) for label, _, _, picture in lesson_04._practice(100, seed=4)]
        pictures, labels = (np.array(some, np.float32) for some in zip(*pairs, strict=True))
        network = cls.network()
        network.compile(**COMPILE)
        network.fit(pictures[..., np.newaxis], labels, epochs=15, verbose=0)
        return network.get_weights()

    @staticmethod
    def network(scale=(1 / 127.5, -1), sign=1, side=64, channels=1, last="sigmoid"):
        inputs = keras.Input((side, side, channels))
        x = layers.Rescaling(*scale)(inputs) if scale else inputs
        if channels == 3:
            x = x[..., :1]
        if side != 64:
            x = layers.Resizing(64, 64)(x)
        x = layers.MaxPooling2D()(layers.Conv2D(16, 3, activation="relu")(x))
        x = layers.MaxPooling2D()(layers.Conv2D(32, 3, activation="relu")(x))
        x = layers.Dense(1)(layers.GlobalMaxPooling2D()(x)) * sign
        if last == "softmax":
            x = layers.Softmax()(layers.Concatenate()([-x / 2, x / 2]))
        elif last:
            x = layers.Activation(last)(x)
        return keras.Model(inputs, x)

    @classmethod
    def file(cls, name, trained=True, **options):
        path = cls.folder / f"{name}.keras"
        if not path.exists():
            network = cls.network(**options)
            if trained:
                network.set_weights(cls.weights())
            network.save(path)
        return path


def text_file():
    path = Saved.folder / "notes.txt"
    path.write_text("accuracy 1.0")
    return str(path)


RIGHT = {
    "4.1": [
        functional,
        added,
        strict,
        sequential(scale=(2 / 255, -1)),
        sequential(lambda n: layers.MaxPooling2D(62), lambda n: layers.Flatten()),
    ],
    "4.2": [
        by_formula,
        bisected,
        side(count_by_keras),
        side(lambda s: 19_520 + 8192 * (((s - 2) // 2 - 2) // 2) ** 2 + 129),
        lambda budget: float(side(lesson_04._parameters)(budget)),
    ],
    "4.5": [by_loops, by_counting, by_counter, by_pandas, by_numpy],
    "4.6": [
        str(Saved.file("sigmoid")),
        Saved.file("path"),
        Saved.file("color", channels=3),
        Saved.file("small", side=96),
        Saved.file("softmax", last="softmax"),
    ],
}
WRONG = {
    "4.1": [
        without_input,
        not_returned,
        returned_compile,
        sequential(options=None),
        sequential(channels=3),
        sequential(scale=(1 / 255,)),
        sequential(scale=None),
        sequential(last=None),
        sequential(lambda n: layers.GlobalAveragePooling2D()),
        sequential(lambda n: layers.Flatten()),
        sequential(first=lambda n: convolution(n, strides=3)),
    ],
    "4.2": [
        lambda budget: 224,
        lambda budget: side(lesson_04._parameters)(budget) + 1,
        side(lambda s: 19_521 + 8192 * (s // 4) ** 2 + 129),
        side(lambda s: 19_521 + 8192 * ((s - 2) // 2) ** 2 + 129),
        side(lambda s: 19_521 + 8192 * ((s - 4) // 2) ** 2 + 129),
        lambda budget: int(np.sqrt(budget / 64 / 128)),
        side(lambda s: 19_649 + 8192 * (-(-s // 4)) ** 2),
        side(lambda s: lesson_04._parameters(s) - 19_521),
        lambda budget: None,
    ],
    "4.5": [
        by_prefix,
        in_all_parts,
        everybody,
        train_and_validation,
        counted_pictures,
        same_class_only,
        lambda folder: len(by_loops(folder)),
        lambda folder: None,
        lambda folder: {path.name for path in folder.rglob("*.png")},
    ],
    "4.6": [
        "nowhere.keras",
        Saved.file("outside", scale=None, trained=True),
        Saved.file("untrained", trained=False),
        Saved.file("reversed", sign=-1),
        text_file(),
        Saved.network(),
        ["practice.keras"],
        True,
    ],
}


def of_parts(folder, parts, key=lambda path: path.name.split("_")[0]):
    return [{key(path) for path in (folder / part).rglob("*.png")} for part in parts]


def shared(folder, parts=("train", "validation", "test"), **options):
    names = of_parts(folder, parts, **options)
    return {name for i, some in enumerate(names) for more in names[:i] for name in some & more}


# By the part of the sentence that has to name it.
NAMED = {
    "4.1": lesson_04._WRONG_NETWORKS
    | {
        "return the Keras model": lambda filters: [filters],
        "should be (64, 64, 1)": lesson_04._network(shape=(64, 64, 3)),
        "does not use `filters`": lambda filters: lesson_04._network()(16),
        "there should be 89": lambda filters: lesson_04._network()(2 * filters),
        "Compile it with": lesson_04._network(loss="mse"),
    },
    "4.5": {
        "These are files": lambda folder: {path.name for path in folder.rglob("*.png")},
        "Compare all three parts": lambda folder: shared(folder, ("train", "test")),
        "Compare parts": lambda folder: shared(folder) | {"P7"},
        "compare whole names": lambda folder: shared(folder) | {"P10"},
        "return the names of patients": lambda folder: len(shared(folder)),
        "you found": lambda folder: set(),
    },
    "4.6": {
        "give the name of the saved file": 7,
        "There is no file": "forgotten.keras",
        "Keras cannot load": __file__,
    },
}
