"""Exercises of lesson 06, overfitting."""

import numpy as np

from course_utils._tensorflow import keras
from course_utils.evaluation import bootstrap, roc_auc
from course_utils.exercises.exercise import Exercise, choice, judged

check_6_1 = choice("6.1")


@judged(
    "6.2",
    keras.callbacks.EarlyStopping("val_auc", 0.002, 8, mode="max", restore_best_weights=True),
    "It works with every network that reports an AUC.",
)
def check_6_2(answer):
    if type(answer).__name__ != "EarlyStopping":
        return f"Your answer is of type `{type(answer).__name__}`; make an `EarlyStopping(…)`."
    if answer.monitor != "val_auc":
        return f"It watches {answer.monitor!r}. The AUC of the stopping part is 'val_auc'."
    if answer.mode == "min":
        return "It takes the lowest AUC for the best. A higher AUC is better: mode 'max'."
    if answer.patience != 8:
        return f"Its patience is {answer.patience} epochs; 8 were asked for."
    if not np.isclose(abs(answer.min_delta), 0.002):
        return f"It ignores gains up to {abs(answer.min_delta)}; up to 0.002 was asked for."
    if answer.start_from_epoch:
        return f"It looks only from epoch {answer.start_from_epoch} on; nothing of that was asked."
    if not answer.restore_best_weights:
        return "The model would keep the weights of the last epoch, 8 after the best one."


@judged("6.3", ..., "Skin stays on top, whatever is drawn.")
def check_6_3(answer):
    # Try it on images of layers, in which all columns are alike, and on images turned by 90°.
    if isinstance(answer, type) or not callable(answer):
        return "Give one layer, `keras.Sequential` of layers, or a function of a batch of images."
    ramp = np.linspace(0.2, 0.8, 40, dtype=np.float32)
    layered = np.tile(ramp[:, None, None], (200, 1, 40, 1))
    sideways = np.swapaxes(layered, 1, 2)
    options = {"training": True} if hasattr(answer, "get_config") else {}
    deep, wide = (np.asarray(answer(images, **options)) for images in (layered, sideways))
    if deep.shape != layered.shape:
        return f"A batch of shape {layered.shape} came back with shape {deep.shape}."
    if min(deep.min(), wide.min()) < 0.15 or max(deep.max(), wide.max()) > 0.85:
        return "Values appear that no image has, such as 0 at an edge: see `fill_mode`."
    if np.abs(deep - layered).max() > 0.01:
        return "The depth of the tissue changes: images are turned, resized, or moved up or down."
    mirrored = wide[:, 20, 22, 0] < wide[:, 20, 18, 0]
    if not 0.3 < mirrored.mean() < 0.7:
        return "Half of the images should be mirrored left to right."
    moved = np.abs(wide[:, 20, 19:21, 0].mean(axis=1) - 0.5).max() / (ramp[1] - ramp[0])
    if not 6 < moved < 8.5:
        return f"Of 40 columns, images move sideways by up to {moved:.0f}; 8 were asked for."


check_6_4 = choice("6.4")
check_6_5 = choice("6.5")


def _two_models(gain, seed):
    """Return labels and three runs of two models that find the same patients difficult."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], [220, 80])
    logits = 1.2 * labels + rng.normal(size=300) + 0.3 * rng.normal(size=(2, 3, 300))
    logits[0] += gain * labels
    return labels, *(1 / (1 + np.exp(-logits)))


_WORDS = "higher", "lower", "not shown"


def _word(low, high):
    return _WORDS[0 if low > 0 else 1 if high < 0 else 2]


def _paired(labels, first, second):
    gain = bootstrap(roc_auc, labels, first, against=second, n_resamples=300)
    return _word(gain.low, gain.high)


def _overlap(labels, first, second):
    a, b = (bootstrap(roc_auc, labels, runs, n_resamples=300) for runs in (first, second))
    return _word(a.low - b.high, a.high - b.low)


def _gains(labels, first, second):
    return [roc_auc(labels, a) - roc_auc(labels, b) for a, b in zip(first, second, strict=True)]


check_6_6 = Exercise(
    "6.6",
    _paired,
    praise="The interval of the paired difference decides, whatever the two means are.",
    calls={
        "a better and a worse model": _two_models(0.2, 11),
        "two equally good models": _two_models(0, 10),
        "a worse and a better model": _two_models(-0.3, 3),
    },
    mistakes={
        "Two intervals overlap easily, since the same patients are difficult for both models. "
        "Take the interval of the paired difference: `against=`.": _overlap,
        "You look at the scores of these patients alone. On other patients, two equally good "
        "models can change places; only the interval says so.": (
            lambda *models: _word(min(_gains(*models)), max(_gains(*models)))
        ),
        "You subtract the first model from the second.": lambda y, a, b: _paired(y, b, a),
    },
    look=lambda word: None if str(word) in _WORDS else f"Return one of the words {_WORDS}.",
)
