"""Networks that learned on light skin, tested on the same simulated lesions on every tone.

Every arm is trained on about as many images. Tested are the set's own lesions on six tones, and
new ones from the same simulator, which nobody has looked at. Lesson 09.
"""

from functools import cache

import numpy as np
import pandas as pd

import simulation
from authoring.experiments import skin_study
from course_utils import datasets, evaluation, transfer
from course_utils._checks import check_choice, check_names
from course_utils.models import color_cnn
from course_utils.training import fit, predict, set_seed, tf

LIGHT = ("very light", "light")
TONES = ("very light", "light", "intermediate", "tan", "brown", "dark")
MALIGNANT = (0, 1, 4)  # akiec, bcc, mel
ARMS = {
    "light, as taken": {"power": None},
    "light, gray world": {"power": 1},
    "light, tinted": {"power": None, "tint": 0.3},
    "all tones, as taken": {"tones": TONES, "power": None},
    "all tones, gray world": {"tones": TONES, "power": 1},
    "equal tones, gray world": {"tones": TONES, "power": 1, "equal": True},
}
SEEDS = range(5)
SAMPLE = "light, gray world"
FRESH_SEED = 909
# Half as many as test lesions, nearly in the same shares.
FRESH = {"tones": (30, 38, 50, 22, 58, 95, 22)}


def measure(seed, parts=("stored", "fresh"), **settings):
    """Train one network; return what it says about each lesion on each tone.

    Parameters
    ----------
    seed, **settings
        As for `trained`.
    parts : sequence of {"stored", "fresh"}
        Which lesions to test.

    Returns
    -------
    table : pandas.DataFrame
        One row per lesion: part, group, label (of seven), and for each tone the probability of
        malignancy in thousandths (p_TONE) and the most probable diagnosis (c_TONE).
    """
    model = trained(seed, **settings)
    return pd.concat([predicted(model, lesions_of(part), part) for part in parts])


def trained(seed, tones=LIGHT, power=1, tint=0.0, equal=False):
    """Train one network on lesions on some tones only.

    Parameters
    ----------
    seed : int
    tones : sequence of str
        Tones of the training lesions, among `TONES`; their order does not matter. Where there are
        more lesions than on light skin, as many are drawn.
    power : int or None
        See `models.color_cnn`.
    tint : float
        Standard deviation of random changes of each color, see `Tinter`.
    equal : bool
        Weight the training images so that each tone has the same share in the loss.

    Returns
    -------
    model : keras.Model

    Raises
    ------
    DatasetError
        A tone that does not exist, or none.
    """
    train = lesions_on(tones, seed)
    set_seed(seed)
    model = color_cnn((skin_study.SIZE, skin_study.SIZE, 3), power=power)
    skin_study.compile_for(model, len(train), skin_study.EPOCHS)
    turn = skin_study.Augmenter(flip=True, rotation=180, seed=seed)
    augment = Tinter(turn, tint, seed) if tint else turn
    tone = train.attributes["tone"]
    weights = len(tone) / tone.nunique() / tone.map(tone.value_counts()).to_numpy()
    fit(
        model, train, epochs=skin_study.EPOCHS, batch_size=skin_study.BATCH_SIZE, seed=seed,
        augment=augment, sample_weight=weights if equal else None, progress=False,
    )  # fmt: skip
    return model


def lesions_on(tones, seed):
    """Return the training lesions on these tones, at most as many as there are on light skin."""
    tones = check_names("tones", tones)
    for tone in tones:
        check_choice("tones", tone, TONES)
    train = skin_study.images_of("train")
    light = np.unique(train.groups[train.attributes["tone"].isin(LIGHT)])
    train = train.select(train.attributes["tone"].isin(tones).to_numpy())
    if len(np.unique(train.groups)) <= len(light):
        return train
    return datasets.split_by_group(train, {"used": len(light)}, seed=seed)["used"]


class Tinter:
    """Multiply each color of each image by a random number, after another augmentation.

    A pigment in the skin, or another light, takes away a share of each color. The logarithms of
    the factors are normal, with one part that the three colors share and one of their own.
    """

    def __init__(self, augment, spread, seed=0):
        self.augment, self.spread = augment, spread
        self.random = tf.random.Generator.from_seed(seed)

    def __call__(self, images):
        """Change a batch (b, height, width, 3), float32, 0–1."""
        count = tf.shape(images)[0]
        shared = self.random.normal((count, 1, 1, 1), stddev=self.spread)
        own = self.random.normal((count, 1, 1, 3), stddev=self.spread / 2)
        return tf.clip_by_value(self.augment(images) * tf.exp(shared + own), 0.0, 1.0)


def predicted(model, data, part):
    """Return one row per lesion, see `measure`."""
    answers, tone = predict(model, data), data.attributes["tone"].to_numpy()
    table = None
    for name in TONES:
        rows = tone == name
        found = datasets.aggregate(answers[rows], data.groups[rows], labels=data.labels[rows])
        if table is None:
            table = pd.DataFrame({"part": part, "group": found.groups, "label": found.labels})
        malignant = found.probabilities[:, MALIGNANT].sum(axis=1)
        table[f"p_{name}"] = np.rint(1000 * malignant).astype(int)
        table[f"c_{name}"] = found.probabilities.argmax(axis=1)
    return table


@cache
def lesions_of(part):
    """Return the stored lesions on six tones, or fresh ones from the same simulator."""
    if part == "stored":
        return skin_study.images_of("tones")
    fresh = simulation.draw("skin_lesions", FRESH, seed=FRESH_SEED, workers=1)
    return transfer.resize(fresh, skin_study.SIZE)


def score(rows):
    """Return the AUC of malignant lesions on dark skin."""
    return evaluation.roc_auc(rows["label"].isin(MALIGNANT).astype(int), rows["p_dark"] / 1000)
