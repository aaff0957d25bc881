"""Lesson 10's steps on real T1c slices: a U-Net as it is, fine-tuned on half, and two numbers.

The U-Net of data/weights, which saw simulated T1c slices only, outlines real tumors: once as it is,
once after fine-tuning on one half of the slices and tested on the other, both ways round.
Fine-tuning and scores are the lesson's own functions. Beside them stands its baseline, the
brightest blob, whose two numbers are chosen on simulated slices, cropped like the real ones.

    python -m authoring.studies.brain_real --real-data DIR [--division run] [--seeds N]
        [--start NAME] [--weights FOLDER] [--frozen] [--out FILE.csv]

DIR holds ``images/``, ``masks/`` and ``labels.csv`` with the columns ``file`` (such as ``209.png``;
the number gives the order) and ``diagnosis`` (``meningioma``, ``glioma`` or ``pituitary``), and
``block`` where it is known which files stem from the same one or two patients. Blocks are divided,
scored and resampled together. ``--division run`` puts in their place runs of consecutive slices
that look alike, without using the column: slices of one patient then lie in both halves, and the
score after fine-tuning is too good. ``--weights`` gives another folder than data/weights, whose
rows are called NAME; rows of other starts, divisions and numbers of slices in FILE.csv are kept.
Nothing in the course depends on DIR.
"""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from authoring.experiments.definitions import definitions
from authoring.studies import tables
from authoring.studies.brain_slices import find_runs, read_folder
from course_utils import datasets, evaluation, training, transfer
from course_utils._tensorflow import keras

LESSON = definitions("10")
DIAGNOSES = ("meningioma", "glioma", "pituitary")
ARMS = ("as it is", "fine-tuned", "brightest blob")
# Paired: the first minus the second, group by group.
DIFFERENCES = {
    "gain": ("fine-tuned", "as it is"),
    "as it is - brightest blob": ("as it is", "brightest blob"),
}
KEY = ["start", "division", "slices"]


def read(folder, division="block"):
    """Return the slices in the order of their numbers, cropped to the head; groups as asked for."""
    table, images, masks = read_folder(folder, masks=True)
    if division == "run":
        groups = find_runs(images, table["diagnosis"].to_numpy())
    elif "block" in table:
        groups = table["block"].to_numpy(str)
    else:
        raise datasets.DatasetError(
            f"block: received a table with the columns {', '.join(table)}; allowed: one column "
            "more, block. Add it, or give --division run."
        )
    # Nothing that differs between slices but the image itself.
    found = datasets.ImageDataset(
        name="real slices",
        images=images.round().astype(np.uint8)[..., None],
        labels=table["diagnosis"].map(DIAGNOSES.index).to_numpy(),
        class_names=DIAGNOSES,
        origin="real",
        channel_names=("T1c",),
        groups=groups,
        group_kind="near-duplicate",
        masks=masks.astype(np.uint8),
        mask_names=("tumor",),
        attributes=table[["file"]],
    )
    return datasets.crop_to_head(found)


def check_groups(data):
    """Refuse, before anything is trained, a diagnosis with fewer than two groups: no spread."""
    groups = [len(np.unique(data.groups[data.labels == k])) for k in range(len(DIAGNOSES))]
    if min(groups) < 2:
        pairs = zip(DIAGNOSES, groups, strict=True)
        counts = ", ".join(f"{name} {count}" for name, count in pairs)
        raise datasets.DatasetError(
            f"diagnosis: received groups of {counts}; allowed: at least two of each. "
            "Add slices of other patients."
        )


def score(data, masks, arm):
    """Return the Dice of each group, over all its pixels and as the mean over its slices."""
    table = LESSON.scored(data, masks, "tumor")[["diagnosis", "dice"]].assign(arm=arm)
    single = replace(data, groups=np.arange(len(data)), group_kind="image")
    of_slices = LESSON.scored(single, masks, "tumor")["dice"].to_numpy()
    return table.assign(slice_dice=pd.Series(of_slices).groupby(data.groups).mean())


def scores(model, data, arm):
    """Return the scores of each group of slices."""
    return score(data, training.predict(model, data), arm)


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
    """Return mean Dice over groups for each diagnosis and arm, and differences, with intervals."""
    keys = ["diagnosis", "group", "arm"]
    wide, single = (table.groupby(keys)[name].mean().unstack() for name in ("dice", "slice_dice"))
    for name, (one, other) in DIFFERENCES.items():
        wide[name], single[name] = wide[one] - wide[other], single[one] - single[other]
    rows = []
    for diagnosis, arm in product(DIAGNOSES, (*ARMS, *DIFFERENCES)):
        found = evaluation.bootstrap_values(
            wide.loc[diagnosis, arm], "mean", group_kind="near-duplicate"
        )
        numbers = {"dice": found.value, "low": found.low, "high": found.high}
        numbers["slice_dice"] = single.loc[diagnosis, arm].mean()
        known = {"diagnosis": diagnosis, "arm": arm, "blocks": found.n_groups}
        rows.append(known | numbers | {"warning": found.warning or ""})
    return pd.DataFrame(rows)


def freeze():
    """Let the lesson's fine-tuning keep the means and variances of batch normalization."""
    load = transfer.load

    def frozen(name):
        model = load(name)
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
        return model

    transfer.load = frozen


def add(found, path):
    """Return the rows of the table at `path`, those that are found again replaced."""
    if path is None or not path.is_file():
        return found
    old = pd.read_csv(path, comment="#")
    if set(old) != set(found):
        return found
    same = old[KEY].apply(tuple, axis=1).isin(found[KEY].apply(tuple, axis=1))
    return pd.concat([old[~same], found]).sort_values(KEY, kind="stable")


def main(arguments=None):
    """Print the table and store it."""
    parser = tables.parser(__doc__, real=True, seeds=3)
    parser.add_argument("--division", choices=("block", "run"), default="block")
    parser.add_argument("--start", default="shipped", help="name of the rows")
    parser.add_argument("--weights", type=Path, default=transfer.WEIGHTS)
    parser.add_argument("--frozen", action="store_true", help="batch normalization does not learn")
    options = parser.parse_args(arguments)
    transfer.WEIGHTS = options.weights
    data = read(options.real_data, options.division)
    check_groups(data)
    print(data)
    if options.frozen:
        freeze()
    train = datasets.load("brain_mri").split("train")
    level, depth = LESSON.tuned_blobs(datasets.crop_to_head(train, per="slice"))
    print(f"brightest blob: {level} times the median, {depth} pixels below the surface")
    scored = [score(data, LESSON.blobs(data, level, depth), "brightest blob")]
    scored += [halves(data, seed) for seed in range(options.seeds)]
    found = summary(pd.concat(scored).rename_axis("group").reset_index())
    first = {"start": options.start, "division": options.division, "slices": len(data)}
    for place, (name, value) in enumerate(first.items()):
        found.insert(place, name, value)
    print(found.drop(columns="warning").round(2).to_string(index=False))
    made_by = f"brain_real --real-data DIR --seeds {options.seeds}"
    made_by += f" (Cheng set; --division and --start as in the rows; blob {level}, {depth})"
    tables.write(options.out, add(found, options.out), made_by)


if __name__ == "__main__":
    tables.run(main)
