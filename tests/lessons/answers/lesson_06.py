"""Right and wrong answers to the exercises of lesson 06."""

import numpy as np
from sklearn.metrics import roc_auc_score

from course_utils import evaluation
from course_utils._tensorflow import keras

layers, EarlyStopping = keras.layers, keras.callbacks.EarlyStopping
STEPS = {"A": "regularize", "B": "strengthen", "C": "keep", "D": "keep"}
AUC = {"monitor": "val_auc", "mode": "max", "patience": 8, "min_delta": 0.002}
KEEP = {"restore_best_weights": True}


def chain(*parts):
    return keras.Sequential(list(parts))


def in_numpy(images):
    """Flip and roll by hand; what leaves on one side enters mirrored on the other."""
    rng = np.random.default_rng(0)
    changed = []
    for image in np.asarray(images):
        image = image[:, ::-1] if rng.random() < 0.5 else image
        most = round(0.2 * image.shape[1])
        padded = np.pad(image, ((0, 0), (most, most), (0, 0)), mode="symmetric")
        start = rng.integers(0, 2 * most + 1)
        changed.append(padded[:, start : start + image.shape[1]])
    return np.stack(changed)


def functional():
    inputs = keras.Input((None, None, 1))
    flipped = layers.RandomFlip("horizontal")(inputs)
    return keras.Model(inputs, layers.RandomTranslation(0.0, 0.2, fill_mode="nearest")(flipped))


def by_fields(labels, first, second):
    estimate = evaluation.bootstrap(
        evaluation.roc_auc, labels, first, against=second, interval="percentile", n_resamples=500
    )
    if estimate.low <= 0 <= estimate.high:
        return "not shown"
    return "higher" if estimate.value > 0 else "lower"


def by_hand(labels, first, second, score=roc_auc_score, seed=1):
    rng = np.random.default_rng(seed)
    gains = []
    for _ in range(200):
        rows = np.concatenate(
            [rng.choice(np.flatnonzero(labels == c), (labels == c).sum()) for c in (0, 1)]
        )
        pairs = zip(first, second, strict=True)
        gains.append(
            np.mean([score(labels[rows], a[rows]) - score(labels[rows], b[rows]) for a, b in pairs])
        )
    low, high = np.percentile(gains, [2.5, 97.5])
    return "higher" if low > 0 else "lower" if high < 0 else "not shown"


def word(low, high):
    return "higher" if low > 0 else "lower" if high < 0 else "not shown"


def reversed_difference(labels, first, second):
    gain = evaluation.bootstrap(evaluation.roc_auc, labels, second, against=first)
    return "lower" if gain.low > 0 else "higher" if gain.high < 0 else "not shown"


def without_drawing_within_class(labels, first, second):
    rng = np.random.default_rng(3)
    gains = []
    for rows in rng.integers(0, len(labels), (200, len(labels))):
        scores = [
            np.mean([roc_auc_score(labels[rows], run[rows]) for run in m]) for m in (first, second)
        ]
        gains.append(scores[0] - scores[1])
    return word(*np.percentile(gains, [2.5, 97.5]))


def gain_of(labels, first, second):
    return evaluation.bootstrap(evaluation.roc_auc, labels, first, against=second)


def by_overlap(labels, first, second):
    a, b = (evaluation.bootstrap(evaluation.roc_auc, labels, m) for m in (first, second))
    return "higher" if a.low > b.high else "lower" if a.high < b.low else "not shown"


def by_means(labels, first, second):
    a, b = (np.mean([roc_auc_score(labels, run) for run in m]) for m in (first, second))
    return "higher" if a > b else "lower"


def by_seeds(labels, first, second):
    each = [
        roc_auc_score(labels, a) - roc_auc_score(labels, b)
        for a, b in zip(first, second, strict=True)
    ]
    return "higher" if min(each) > 0 else "lower" if max(each) < 0 else "not shown"


def mean_run(labels, first, second):
    """Average the probabilities first: an ensemble, judged by its mean AUC alone."""
    a, b = (roc_auc_score(labels, np.mean(m, axis=0)) for m in (first, second))
    return "higher" if a > b else "lower"


RIGHT = {
    "6.1": [
        dict(reversed(STEPS.items())),
        dict(zip("ABCD", ["regularize", "strengthen", "keep", "keep"], strict=True)),
        {**dict.fromkeys("CD", "keep"), "A": "regularize", "B": "strengthen"},
        dict(A="regularize", B="strengthen", C="keep", D="keep"),  # noqa: C408
        {name: STEPS[name] for name in "DCBA"},
    ],
    "6.2": [
        EarlyStopping(**AUC, **KEEP),
        EarlyStopping("val_auc", 0.002, 8, 0, "max", None, True),
        EarlyStopping("val_auc", patience=8, min_delta=2e-3, restore_best_weights=True),
        EarlyStopping(**AUC, **KEEP, verbose=1),
        keras.callbacks.EarlyStopping(**{**AUC, "min_delta": 0.2 / 100}, **KEEP),
    ],
    "6.3": [
        chain(layers.RandomTranslation(0, 0.2), layers.RandomFlip("horizontal")),
        chain(layers.RandomFlip("horizontal"), layers.RandomTranslation(0.0, (-0.2, 0.2))),
        chain(
            keras.Input((None, None, 1)),
            layers.RandomFlip(mode="horizontal", seed=1),
            layers.RandomTranslation(height_factor=0, width_factor=0.2, fill_mode="nearest"),
        ),
        functional(),
        in_numpy,
    ],
    "6.4": [[6, 7, 9], (9, 7, 6), np.array([6, 7, 9]), {9: "", 6: "", 7: ""}, {6.0, 7.0, 9.0}],
    "6.6": [
        by_fields,
        by_hand,
        reversed_difference,
        without_drawing_within_class,
        lambda y, a, b: by_fields(list(y), a.tolist(), b.tolist()),
    ],
}

WRONG = {
    "6.1": [
        {**STEPS, "A": "keep"},
        {**STEPS, "A": "strengthen"},
        {**STEPS, "B": "regularize"},
        {**STEPS, "B": "keep"},
        {**STEPS, "C": "strengthen"},
        {**STEPS, "D": "regularize"},
        {**STEPS, "D": "strengthen"},
        dict.fromkeys(STEPS, "regularize"),
        dict.fromkeys(STEPS, "keep"),
    ],
    "6.2": [
        EarlyStopping(patience=8, min_delta=0.002, **KEEP),
        EarlyStopping(**{**AUC, "monitor": "auc"}, **KEEP),
        EarlyStopping(**{**AUC, "monitor": "val_loss", "mode": "min"}, **KEEP),
        EarlyStopping(**{**AUC, "mode": "min"}, **KEEP),
        EarlyStopping(**AUC),
        EarlyStopping(**{**AUC, "min_delta": 0}, **KEEP),
        EarlyStopping(**{**AUC, "patience": 5}, **KEEP),
        EarlyStopping(**{**AUC, "min_delta": 0.02}, **KEEP),
        EarlyStopping,
        [keras.callbacks.ModelCheckpoint("best.keras", "val_auc", save_best_only=True)],
    ],
    "6.3": [
        chain(layers.RandomFlip(), layers.RandomTranslation(0, 0.2)),
        chain(layers.RandomFlip("horizontal"), layers.RandomTranslation(0.2, 0)),
        chain(layers.RandomFlip("horizontal"), layers.RandomTranslation(0.2, 0.2)),
        chain(layers.RandomFlip("horizontal"), layers.RandomTranslation(0, 0.2, "constant")),
        chain(layers.RandomFlip("horizontal"), layers.RandomTranslation(0, 0.35)),
        layers.RandomTranslation(0, 0.2),
        layers.RandomFlip("horizontal"),
        chain(layers.RandomFlip("horizontal"), layers.RandomTranslation(0, 0.1)),
        chain(
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0, 0.2),
            layers.RandomRotation(0.05),
        ),
        layers.RandomFlip,
    ],
    "6.4": [{7}, {6, 7}, {6, 9}, {7, 9}, {3, 6, 7}, {1, 6, 7}, {4, 7, 9}, "7", {6, 7, 9, 10}, 7],
    "6.6": [
        by_overlap,
        by_means,
        by_seeds,
        mean_run,
        gain_of,
        lambda y, a, b: gain_of(y, a, b).low > 0,
        lambda y, a, b: word(gain_of(y, b, a).low, gain_of(y, b, a).high),
        lambda y, a, b: "not shown",
        lambda y, a, b: print(end=word(0, 0)[:0]),
    ],
}
