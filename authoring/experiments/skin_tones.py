"""Networks that learned on light skin, tested on the same simulated lesions on every tone.

Every arm is trained on about as many images, with the network and the training of lesson 09. Tested
are the set's own lesions on six tones, and new ones from the same simulator, which nobody has
looked at.
"""

from functools import cache

import numpy as np
import pandas as pd

import simulation
from authoring.experiments.definitions import definitions
from authoring.experiments.skin_study import SIZE, images_of
from course_utils import datasets, evaluation, training

LESSON = definitions("09")
MALIGNANT = [0, 1, 4]
TONES = ("very light", "light", "intermediate", "tan", "brown", "dark")
LIGHT = TONES[:2]
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


def measure(seed, **settings):
    """Train one network, as `trained` does; return a row for each lesion.

    Columns are part (stored or fresh), group, label (of seven), and for each tone the probability
    of malignancy in thousandths (p_TONE) and the most probable diagnosis (c_TONE).
    """
    model = trained(seed, **settings)
    return pd.concat([predicted(model, lesions_of(part), part) for part in ("stored", "fresh")])


def score(rows):
    """Return the AUC of malignant lesions on dark skin."""
    malignant = rows["label"].isin(MALIGNANT).astype(int)
    return evaluation.roc_auc(malignant, rows["p_dark"] / 1000)


def trained(seed, power, tones=LIGHT, tint=0.0, equal=False):
    """Train one network on lesions on some of `TONES` only, as many as there are on light skin.

    `power` is that of lesson 09's `build`, `tint` the standard deviation of random changes of each
    color, see `Tinter`. `equal` gives each tone the same share in the loss.
    """
    train = lesions_on(tones, seed)
    training.set_seed(seed)
    model = LESSON.build(SIZE, power)
    augment = LESSON.turns(seed)
    options = {"augment": Tinter(augment, tint, seed) if tint else augment}
    if equal:
        tone = train.attributes["tone"]
        options["sample_weight"] = (
            len(tone) / tone.nunique() / tone.map(tone.value_counts()).to_numpy()
        )
    LESSON.fit(model, train, seed=seed, **options)
    return model


def lesions_on(tones, seed):
    """Return the training lesions on these tones, at most as many as there are on light skin."""
    train = images_of("train")
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

    def __init__(self, augment, spread, seed):
        self.augment, self.spread = augment, spread
        self.random = training.tf.random.Generator.from_seed(seed)

    def __call__(self, images):
        """Change a batch (b, height, width, 3), float32, 0–1."""
        tf = training.tf
        count = tf.shape(images)[0]
        shared = self.random.normal((count, 1, 1, 1), stddev=self.spread)
        own = self.random.normal((count, 1, 1, 3), stddev=self.spread / 2)
        return tf.clip_by_value(self.augment(images) * tf.exp(shared + own), 0.0, 1.0)


def predicted(model, data, part):
    """Return one row per lesion, see `measure`."""
    answers, tone = training.predict(model, data), data.attributes["tone"].to_numpy()
    table = None
    for name in TONES:
        rows = tone == name
        found = data.select(rows).per_group(answers[rows])
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
        return images_of("tones")
    fresh = simulation.draw("skin_lesions", FRESH, seed=FRESH_SEED, workers=1)
    return datasets.resize(fresh, SIZE)
