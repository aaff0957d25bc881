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

from dataclasses import replace

import numpy as np
import pandas as pd

from authoring.experiments import skin_study
from authoring.experiments.definitions import definitions
from authoring.studies import tables
from course_utils import datasets, evaluation, own_data, training
from course_utils.evaluation import roc_auc

LESSON = definitions("09")
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
        class_names=DIAGNOSES,
        columns={"label": "dx", "group": "lesion_id"},
        group_kind="lesion",
        images="images",
        mode="rgb",
        size=skin_study.SIZE,
        fit="crop",
    )
    return replace(found, name="skin_lesions")


def answers(model, data):
    """Return the probabilities of the lesions, (lesions, 7)."""
    found = data.per_group(training.predict(model, data))
    return pd.DataFrame(found.probabilities, index=found.groups)


def fine_tuned(start, half, seed):
    """Return a copy of a network after training on a part of the real images, head first."""
    training.set_seed(seed)
    model = LESSON.build(skin_study.SIZE)
    model.set_weights(start.get_weights())
    LESSON.fine_tune(model, half, seed)
    return model


def from_scratch(half, seed):
    """Return a network trained on a part of the real images alone."""
    training.set_seed(seed)
    model = LESSON.build(skin_study.SIZE)
    LESSON.fit(model, half, epochs=skin_study.FEW["epochs"], seed=seed)
    return model


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


def macro_auc_within(labels, answers):
    """Return the mean over classes of the AUC that counts pairs of lesions of one half only.

    The last column of the answers says which lesions lay in the first half.
    """
    areas, first_half = [], answers[:, -1] == 1
    for k in range(answers.shape[1] - 1):
        halves = [(labels[h] == k, answers[h, k]) for h in (first_half, ~first_half)]
        pairs = [is_class.sum() * (~is_class).sum() for is_class, _ in halves]
        # A draw may leave a class out of one half, which then holds no pair.
        auc = [roc_auc(*half) if n else 0.0 for half, n in zip(halves, pairs, strict=True)]
        areas.append(np.average(auc, weights=pairs))
    return float(np.mean(areas))


def recall(labels, probabilities, which):
    """Return the share of one class that gets its own class as the most probable one."""
    return np.mean(probabilities[labels == which].argmax(axis=-1) == which)


def score_rows(measure, score, labels, runs, compared=COMPARED, **options):
    """Return a score of each arm, and the differences, with intervals over lesions."""
    options["group_kind"] = "lesion"
    rows = [
        _row(arm, measure, evaluation.bootstrap(score, labels, each, **options))
        for arm, each in runs.items()
    ]
    for one, other in compared:
        found = evaluation.bootstrap(score, labels, runs[one], against=runs[other], **options)
        rows.append(_row(f"{one} - {other}", measure, found))
    return rows


def table(labels, runs, first_halves):
    """Return scores of the arms and their differences, with intervals over lesions.

    `runs` holds the probabilities (seeds, lesions, 7) of each arm, `first_halves` (seeds, lesions)
    which lesions lay in the first half of each seed.
    """
    runs = {arm: np.clip(p, 0, 1) for arm, p in runs.items()}
    rows = score_rows("balanced_accuracy", tables.balanced_accuracy, labels, runs)
    for k, name in enumerate(DIAGNOSES):
        rows += score_rows(f"recall {name}", recall, labels, runs, compared=(), which=k)
    halves = np.asarray(first_halves, float)[..., None]
    with_halves = {
        arm: np.concatenate([each, np.broadcast_to(halves, (*each.shape[:2], 1))], axis=2)
        for arm, each in runs.items()
    }
    rows += score_rows("macro_auc", macro_auc_within, labels, with_halves)
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


def _row(arm, measure, found):
    row = {"arm": arm, "measure": measure, "lesions": found.n_groups, "value": found.value}
    return row | {"low": found.low, "high": found.high, "seed_sd": found.spread_over_runs}


def main(arguments=None):
    """Print the table and store it."""
    options = tables.parser(__doc__, real=True, seeds=3).parse_args(arguments)
    real = read(options.real_data)
    print(real)
    each, first_halves = zip(*[run(real, seed) for seed in range(options.seeds)], strict=True)
    first = np.unique(real.groups, return_index=True)[1]
    runs = {arm: np.stack([found[arm] for found in each]) for arm in each[0]}
    scores = table(real.labels[first], runs, np.stack(first_halves))
    result = pd.concat([scores, pd.DataFrame(pair_rows(real.images, real.groups))])
    print(result.round(3).to_string(index=False))
    tables.write(options.out, result, f"skin_real --real-data DIR --seeds {options.seeds}")


if __name__ == "__main__":
    tables.run(main)
