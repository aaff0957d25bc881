"""Lesson 10's steps on real T1c slices: a U-Net as it is, fine-tuned on half, and two numbers.

The U-Net of data/weights, which saw simulated T1c slices only, outlines real tumors: once as it is,
once after fine-tuning on one half of the slices and tested on the other, both ways round. The
patients behind the slices are not known, so runs of consecutive slices that look alike stand in for
them: they are divided, scored and resampled together. Fine-tuning and scores are the lesson's own
functions. Beside them stands its baseline, the brightest blob, whose two numbers are chosen on the
simulated slices that the network was trained on, cropped like the real ones.

    python -m authoring.studies.brain_real --real-data DIR [--seeds N] [--out FILE.csv]

DIR holds ``images/``, ``masks/`` and ``labels.csv`` with the columns ``file`` (such as ``209.png``;
the number gives the order) and ``diagnosis`` (``meningioma``, ``glioma`` or ``pituitary``). Nothing
in the course depends on DIR.
"""

import warnings
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from authoring.experiments.definitions import definitions
from authoring.studies import tables
from authoring.studies.brain_slices import find_runs
from course_utils import datasets, evaluation, own_data, training, transfer

LESSON = definitions("10")
DIAGNOSES = ("meningioma", "glioma", "pituitary")
ARMS = ("as it is", "fine-tuned", "brightest blob")
# Paired: the first minus the second, run by run.
DIFFERENCES = {
    "gain": ("fine-tuned", "as it is"),
    "as it is - brightest blob": ("as it is", "brightest blob"),
}


def read(folder):
    """Return the slices, cropped to the head, in the order of their numbers, runs as groups."""
    with warnings.catch_warnings():
        # Every slice is its own group for a moment; the runs need the pixels.
        warnings.simplefilter("ignore", UserWarning)
        found = own_data.read_image_folder(
            folder,
            images="images",
            masks="masks",
            mask_labels="tumor",
            columns={"label": "diagnosis"},
            class_names=DIAGNOSES,
            group_kind="image",
        )
    number = found.attributes["file"].str.extract(r"(\d+)")[0].astype(int).to_numpy()
    found = found.select(np.lexsort((number, found.labels)))
    runs = find_runs(found.images[..., 0].astype(np.float32), found.labels)
    found = replace(found, name="real slices", groups=runs, group_kind="near-duplicate")
    return datasets.crop_to_head(found)


def check_runs(data):
    """Refuse, before anything is trained, a diagnosis with fewer than two runs: no spread."""
    runs = [len(np.unique(data.groups[data.labels == k])) for k in range(len(DIAGNOSES))]
    if min(runs) < 2:
        counts = ", ".join(f"{name} {count}" for name, count in zip(DIAGNOSES, runs, strict=True))
        raise datasets.DatasetError(
            f"diagnosis: received runs of {counts}; allowed: at least two of each. "
            "Add slices of other patients."
        )


def scores(model, data, arm):
    """Return the scores of each run of slices."""
    return LESSON.scored(data, training.predict(model, data), "tumor").assign(arm=arm)


def halves(data, seed):
    """Fine-tune on one half of the groups, score on the other, and the other way round.

    The seed is that of the division and of the training. The table has two rows per group, one for
    each ``arm``: as it is, fine-tuned.
    """
    folds = datasets.group_folds(data, 2, seed=seed)
    scored = [scores(transfer.load("brain_mri"), data, "as it is")]
    for half in (0, 1):
        model = LESSON.fine_tuned(data.select(folds != half), "tumor", seed=seed)
        scored.append(scores(model, data.select(folds == half), "fine-tuned"))
    return pd.concat(scored)


def summary(table):
    """Return mean Dice over runs for each diagnosis and arm, and differences, with intervals."""
    wide = table.groupby(["diagnosis", "group", "arm"])["dice"].mean().unstack()
    for name, (one, other) in DIFFERENCES.items():
        wide[name] = wide[one] - wide[other]
    rows = []
    for diagnosis, arm in product(DIAGNOSES, (*ARMS, *DIFFERENCES)):
        found = evaluation.bootstrap_values(
            wide.loc[diagnosis, arm], "mean", group_kind="near-duplicate"
        )
        numbers = {"dice": found.value, "low": found.low, "high": found.high}
        known = {"diagnosis": diagnosis, "arm": arm, "runs": found.n_groups}
        rows.append(known | numbers | {"warning": found.warning or ""})
    return pd.DataFrame(rows)


def main(arguments=None):
    """Print the table and store it."""
    options = tables.parser(__doc__, real=True, seeds=2).parse_args(arguments)
    data = read(options.real_data)
    check_runs(data)
    print(data)
    train = datasets.load("brain_mri").split("train")
    level, depth = LESSON.tuned_blobs(datasets.crop_to_head(train))
    print(f"brightest blob: {level} times the median, {depth} pixels below the surface")
    masks = LESSON.blobs(data, level, depth)
    scored = [LESSON.scored(data, masks, "tumor").assign(arm="brightest blob")]
    scored += [halves(data, seed) for seed in range(options.seeds)]
    found = summary(pd.concat(scored).rename_axis("group").reset_index())
    print(found.round(2).to_string(index=False))
    made_by = f"brain_real --real-data DIR --seeds {options.seeds}"
    tables.write(options.out, found, f"{made_by} ({len(data)} slices; blob {level}, {depth})")


if __name__ == "__main__":
    tables.run(main)
