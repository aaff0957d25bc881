"""Lesson 10's steps on a folder of real T1c slices: Dice as it is, and after fine-tuning on half.

The U-Net of data/weights, which saw simulated T1c slices only, outlines real tumors: once as it is,
once after fine-tuning on one half of the slices and tested on the other, both ways round. The
patients behind the slices are not known, so runs of consecutive slices that look alike stand in for
them: they are divided, scored and resampled together. Steps and settings are those of
`course_utils.experiments.segmentation_real`, which the lesson shows.

    python benchmarks/brain_real.py --real-data DIR [--seeds N] [--out FILE.csv]

DIR holds ``images/``, ``masks/`` and ``labels.csv`` with the columns ``file`` (such as ``209.png``;
the number gives the order) and ``diagnosis`` (``meningioma``, ``glioma`` or ``pituitary``). Nothing
in the course depends on DIR.
"""

import argparse
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from brain_slices import find_runs

from course_utils import datasets
from course_utils._files import write_text
from course_utils.evaluation import bootstrap_values
from course_utils.experiments import segmentation_real

DIAGNOSES = ("meningioma", "glioma", "pituitary")


def read(folder):
    """Return the slices, cropped to the head, in the order of their numbers, runs as groups."""
    with warnings.catch_warnings():
        # Every slice is its own group for a moment; the runs need the pixels.
        warnings.simplefilter("ignore", UserWarning)
        found = datasets.read_image_folder(
            folder, images="images", masks="masks", mask_name="tumor", label="diagnosis",
            class_names=DIAGNOSES, group_kind="image", name="real slices",
        )  # fmt: skip
    number = found.attributes["file"].str.extract(r"(\d+)")[0].astype(int).to_numpy()
    found = found.select(np.lexsort((number, found.labels)))
    runs = find_runs(found.images[..., 0].astype(np.float32), found.labels)
    return datasets.crop_to_head(replace(found, groups=runs, group_kind="near-duplicate"))


def summary(table):
    """Return mean Dice over runs for each arm and diagnosis, and the gain, with intervals."""
    wide = table.groupby(["diagnosis", "group", "arm"])["dice"].mean().unstack()
    wide["gain"] = wide["fine-tuned"] - wide["as it is"]
    rows = []
    for diagnosis in DIAGNOSES:
        for arm in ("as it is", "fine-tuned", "gain"):
            values = wide.loc[diagnosis, arm]
            found = bootstrap_values(values, "mean", group_kind="near-duplicate")
            numbers = {"runs": len(values), "dice": found.value}
            rows.append({"diagnosis": diagnosis, "arm": arm} | numbers
                        | {"low": found.low, "high": found.high})  # fmt: skip
    return pd.DataFrame(rows)


def main():
    """Print the table and store it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--real-data", required=True, metavar="DIR")
    parser.add_argument("--seeds", type=int, default=2, help="divisions and trainings")
    parser.add_argument("--out", metavar="FILE.csv")
    options = parser.parse_args()
    data = read(Path(options.real_data))
    print(data)
    tables = []
    for seed in range(options.seeds):
        scores = segmentation_real.halves(data, "tumor", seed=seed)
        tables.append(scores.rename_axis("group").reset_index().assign(seed=seed))
    found = summary(pd.concat(tables))
    print(found.round(2).to_string(index=False))
    if options.out:
        head = f"# benchmarks/brain_real.py --real-data DIR --seeds {options.seeds} "
        head += f"({len(data)} slices of the Cheng set)\n"
        text = found.to_csv(index=False, float_format="%.3f", lineterminator="\n")
        write_text(Path(options.out), head + text)


if __name__ == "__main__":
    main()
