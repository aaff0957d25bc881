"""Seven diagnoses of simulated skin lesions: light, augmentation, mix of classes, a head start.

Each arm changes one thing against "gray world". Arms are compared on validation lesions; test
lesions do not occur in this module: see `skin_final`. Lesson 09 shows the network, its training and
the choice; this module trains with fewer lesions besides.
"""

from functools import cache

from sklearn.metrics import balanced_accuracy_score

from authoring.experiments.definitions import definitions
from course_utils import datasets, training, transfer

LESSON = definitions("09")
SIZE = LESSON.SIZE
CLASSES = 7
# A hundred and fifty lesions, and as many epochs as their few steps need.
FEW = {"lesions": 150, "epochs": 60}

CANDIDATES = {**LESSON.ARMS, "HAM10000 mix": {"shares": LESSON.HAM10000}}
# Beside the competition: few lesions, with and without a head start.
ARMS = {**CANDIDATES, "few": FEW, "few, started": {"lesions": 150, "started": True}}
SEEDS = LESSON.SEEDS
SAMPLE = "gray world"


def measure(seed, **settings):
    """Train one network; return the probabilities of validation lesions."""
    return LESSON.answers(trained(seed, **settings), images_of("validation"), "validation")


def score(rows):
    """Return the balanced accuracy over lesions."""
    called = rows[[f"p_{k}" for k in range(CLASSES)]].to_numpy().argmax(axis=1)
    return balanced_accuracy_score(rows["label"], called)


def trained(seed, lesions=None, started=False, **settings):
    """Train one network on simulated training lesions, as lesson 09's `trained`.

    `lesions` is how many to draw, by default all. `started` starts from the shipped weights, which
    were trained on other simulated lesions. The seed decides which lesions are drawn, too.
    """
    train = images_of("train")
    if lesions is not None:
        train = datasets.split_by_group(train, {"used": lesions}, seed=seed)["used"]
    if not started:
        return LESSON.trained(seed, train, **settings)
    training.set_seed(seed)
    model = transfer.add_head(transfer.backbone("skin_lesions"), CLASSES)
    LESSON.fine_tune(model, train, seed)
    return model


def winner(table):
    """Return the arm of the competition that goes to the test lesions."""
    return LESSON.choose(table[table["arm"].isin(CANDIDATES)])


@cache
def images_of(part):
    """Return one part of the embedded set at half size: train, validation, test, or tones."""
    skin = datasets.load("skin_lesions")
    subset = "tones" if part == "tones" else "main"
    chosen = (skin.attributes["subset"] == subset).to_numpy()
    if subset == "main":
        chosen = chosen & (skin.splits == part)
    return datasets.resize(skin.select(chosen), SIZE)
