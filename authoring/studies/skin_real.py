"""What lesson 09's network is worth on real images of skin lesions.

    python -m authoring.studies.skin_real --real-data DIR/skin_lesions [--seeds 3] [--out FILE.csv]

DIR/skin_lesions holds ``images/`` and ``labels.csv`` with the columns file, lesion_id and dx
(akiec, bcc, bkl, df, mel, nv, vasc), as `course_utils.own_data.read_image_folder` reads them; the
central square is taken, at 48 pixels.

Three networks of one architecture, seven diagnoses, one mean probability per lesion: trained on
the embedded simulated lesions and tried as it is; then fine-tuned on half of the real lesions and
tried on the other half, and the halves exchanged; and trained on the same half from random
weights, with as many updates. Lesions are never divided. Intervals are over real lesions, the mean
of the seeds; differences are paired. Learning rates and epochs are those of lesson 09 and were not
tuned on real images.

The two halves of an arm are scored by two networks, whose probabilities share no scale. So an AUC
counts only pairs of lesions of one half, for all three arms alike, and the mean over classes is
taken from these: each half weighs as much as it holds pairs.

Last, on the same images: how many pairs of images show one lesion, and how many of these pairs
`datasets.group_near_duplicates`, which compares images at 28 pixels, finds.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from authoring.experiments import skin_study, store
from course_utils import datasets, evaluation, own_data, training, transfer
from course_utils.augmentation import Augmenter
from course_utils.evaluation import class_recall, macro_auc, mean_recall, roc_auc
from course_utils.evaluation.resampling import Resampler, default_interval

DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
NEAR = 0.98
COMPARED = (
    ("fine-tuned", "as it is"),
    ("fine-tuned", "real half only"),
    ("as it is", "real half only"),
)


def read(folder):
    """Return the real images at the size of the network."""
    found = own_data.read_image_folder(
        folder,
        columns={"label": "dx", "group": "lesion_id"},
        class_names=DIAGNOSES,
        group_kind="lesion",
        images="images",
        mode="rgb",
        size=skin_study.SIZE,
        fit="crop",
    )
    return replace(found, name="skin_lesions")


def answers(model, data):
    """Return the probabilities of the lesions, (lesions, 7)."""
    found = datasets.aggregate(training.predict(model, data), data.groups, labels=data.labels)
    return pd.DataFrame(found.probabilities, index=found.groups)


def fine_tuned(start, half, seed):
    """Return a copy of a network after training on a part of the real images, head first."""
    training.set_seed(seed)
    model = skin_study.color_cnn((skin_study.SIZE, skin_study.SIZE, 3))
    model.set_weights(start.get_weights())
    third = skin_study.FEW_EPOCHS // 3
    transfer.fine_tune(
        model, half, head_epochs=third, epochs=skin_study.FEW_EPOCHS - third, seed=seed,
        rates=skin_study.FEW_RATES, loss="sparse_categorical_crossentropy", augment=turns(seed),
        progress=False,
    )  # fmt: skip
    return model


def from_scratch(half, seed):
    """Return a network trained on a part of the real images alone."""
    training.set_seed(seed)
    model = skin_study.color_cnn((skin_study.SIZE, skin_study.SIZE, 3))
    skin_study.compile_for(model, len(half), skin_study.FEW_EPOCHS)
    epochs = skin_study.FEW_EPOCHS
    training.fit(model, half, epochs=epochs, seed=seed, progress=False, augment=turns(seed))
    return model


def turns(seed):
    """Return lesson 09's augmentation."""
    return Augmenter(flip=True, rotation=180, seed=seed)


def run(real, seed):
    """Return {arm: probabilities of all lesions}, and which lie in the first half, for one seed.

    Lesions are in the order of their names.
    """
    halves = datasets.split_by_group(real, {"a": 0.5, "b": 0.5}, seed=seed)
    start = skin_study.trained(seed)
    found = {"as it is": [answers(start, real)], "fine-tuned": [], "real half only": []}
    for used, tried in (("a", "b"), ("b", "a")):
        half, other = halves[used], halves[tried]
        found["fine-tuned"].append(answers(fine_tuned(start, half, seed), other))
        found["real half only"].append(answers(from_scratch(half, seed), other))
    probabilities = {arm: pd.concat(parts).sort_index().to_numpy() for arm, parts in found.items()}
    return probabilities, np.isin(np.unique(real.groups), halves["a"].groups)


def macro_auc_within(labels, probabilities, first_half):
    """Return the mean over classes of the AUC that counts pairs of lesions of one half only."""
    areas = []
    for k in range(probabilities.shape[1]):
        halves = [(labels[h] == k, probabilities[h, k]) for h in (first_half, ~first_half)]
        pairs = [is_class.sum() * (~is_class).sum() for is_class, _ in halves]
        # A draw may leave a class out of one half, which then holds no pair.
        auc = [roc_auc(*half) if n else 0.0 for half, n in zip(halves, pairs, strict=True)]
        areas.append(np.average(auc, weights=pairs))
    return float(np.mean(areas))


def auc_rows(labels, runs, first_halves):
    """Return the macro AUC of each arm and the differences, with intervals over lesions."""

    def estimate(value, drawn, interval="percentile"):
        resampler = Resampler(labels, group_kind="lesion", seed=0, interval=interval)
        return resampler.estimate("macro AUC", value, drawn)

    draw = Resampler(labels, group_kind="lesion", seed=0).scores
    rows, values, drawn = [], {}, {}
    for arm, each in runs.items():

        def scores(lesions, each=each):
            return [
                macro_auc_within(labels[lesions], run[lesions], half[lesions])
                for run, half in zip(each, first_halves, strict=True)
            ]

        alone = scores(np.arange(len(labels)))
        values[arm], drawn[arm] = np.mean(alone), draw(lambda lesions: np.mean(scores(lesions)))
        found = estimate(values[arm], drawn[arm], default_interval(macro_auc, values[arm]))
        rows.append(_row(arm, "macro_auc", found, _spread(alone)))
    for one, other in COMPARED:
        # The draws of all arms are the same lesions.
        found = estimate(values[one] - values[other], drawn[one] - drawn[other])
        rows.append(_row(f"{one} - {other}", "macro_auc", found))
    return rows


def recall_rows(labels, runs):
    """Return the recalls of each arm and the differences, with intervals over lesions."""
    rows = []
    for arm, each in runs.items():
        found = evaluation.bootstrap_runs(mean_recall, labels, each, group_kind="lesion")
        spread = _spread([mean_recall(labels, run) for run in each])
        rows.append(_row(arm, "mean_recall", found, spread))
        for k, name in enumerate(DIAGNOSES):
            found = evaluation.bootstrap_runs(
                class_recall, labels, each, group_kind="lesion", which=k
            )
            rows.append(_row(arm, f"recall {name}", found))
    for one, other in COMPARED:
        found = evaluation.compare_runs(
            mean_recall, labels, runs[one], runs[other], group_kind="lesion"
        )
        rows.append(_row(f"{one} - {other}", "mean_recall", found))
    return rows


def table(labels, runs, first_halves):
    """Return scores of the arms and their differences, with intervals over lesions.

    Parameters
    ----------
    labels : array (lesions,)
    runs : dict of str to array (seeds, lesions, 7)
    first_halves : array (seeds, lesions), bool
        Which lesions lay in the first half of each seed.

    Returns
    -------
    table : pandas.DataFrame
    """
    runs = {arm: np.clip(p, 0, 1) for arm, p in runs.items()}
    rows = recall_rows(labels, runs) + auc_rows(labels, runs, first_halves)
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    return pd.DataFrame(sorted(rows, key=lambda row: arms.index(row["arm"])))


def pair_rows(images, lesions):
    """Return how many pairs of images show one lesion, and how many of them are found."""
    clusters = datasets.group_near_duplicates(images, threshold=NEAR)
    i, j = np.triu_indices(len(images), 1)
    pairs, found = lesions[i] == lesions[j], clusters[i] == clusters[j]
    joining = sum(len(set(lesions[clusters == k])) > 1 for k in set(clusters))
    counts = {
        "pairs of one lesion": pairs.sum(),
        f"pairs found at {NEAR}": (pairs & found).sum(),
        "clusters joining lesions": joining,
    }
    known = {"arm": "near-duplicates", "lesions": len(set(lesions))}
    return [known | {"measure": measure, "value": count} for measure, count in counts.items()]


def _spread(scores):
    return np.std(scores, ddof=1) if len(scores) > 1 else np.nan


def _row(arm, measure, found, spread=np.nan):
    row = {"arm": arm, "measure": measure, "lesions": found.groups}
    return row | {"value": found.value, "low": found.low, "high": found.high, "seed_sd": spread}


def main(arguments=None):
    """Run the command line; return 0, or 2 after a sentence on bad input."""
    parser = argparse.ArgumentParser(prog="skin_real.py", description=__doc__.split("\n")[0])
    parser.add_argument("--real-data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seeds", type=int, default=3, help="runs to average")
    parser.add_argument("--out", type=Path, help="CSV file to write")
    options = parser.parse_args(arguments)
    if options.seeds < 1:
        parser.error(f"--seeds is {options.seeds}; give 1 or more")
    try:
        real = read(options.real_data)
    except datasets.DatasetError as error:
        print(f"skin_real.py: {error}", file=sys.stderr)
        return 2
    print(real)
    each, first_halves = zip(*[run(real, seed) for seed in range(options.seeds)], strict=True)
    first = np.unique(real.groups, return_index=True)[1]
    runs = {arm: np.stack([found[arm] for found in each]) for arm in each[0]}
    scores = table(real.labels[first], runs, np.stack(first_halves))
    result = pd.concat([scores, pd.DataFrame(pair_rows(real.images, real.groups))])
    print(result.round(3).to_string(index=False))
    if options.out:
        made_by = f"python -m authoring.studies.skin_real --real-data DIR --seeds {options.seeds}"
        store(result, options.out.stem, made_by, folder=options.out.parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
