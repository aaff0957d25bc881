"""Right and wrong answers to the exercises of lesson 09."""

from functools import partial

import numpy as np
import pandas as pd

from course_utils.exercises.exercise import Several
from course_utils.exercises.lesson_09 import _highest

# ---- 9.1: which training pictures leak ----------------------------------------------------------


def by_loop(table):
    test = table[table["part"] == "test"]
    patients, lesions = set(test["patient"].dropna()), set(test["lesion"])
    found = []
    for position, row in enumerate(table.itertuples()):
        if row.part == "train" and (row.patient in patients or row.lesion in lesions):
            found.append(position)
    return found


def by_reset_index(table):
    rows = table.reset_index(drop=True)
    test = rows[rows["part"] == "test"]
    patient = rows["patient"].notna() & rows["patient"].isin(test["patient"])
    leaking = rows[(rows["part"] == "train") & (patient | rows["lesion"].isin(test["lesion"]))]
    return leaking.index


def by_groupby(table):
    rows = table.reset_index(drop=True)
    is_test = rows["part"].eq("test")
    by_lesion = is_test.groupby(rows["lesion"]).transform("any")
    by_patient = is_test.groupby(rows["patient"]).transform("any").fillna(False).astype(bool)
    return np.where(rows["part"].eq("train") & (by_lesion | by_patient))[0]


def by_query(table):
    rows = table.assign(position=range(len(table)))
    test, train = rows.query("part == 'test'"), rows.query("part == 'train'")
    lesions = train.merge(test[["lesion"]].drop_duplicates(), on="lesion")["position"]
    known = test[["patient"]].dropna().drop_duplicates()
    patients = train.merge(known, on="patient")["position"]
    return sorted(set(lesions) | set(patients))


def by_filled_names(table):
    unknown = pd.Series([f"unknown {k}" for k in range(len(table))], index=table.index)
    patient = table["patient"].fillna(unknown)
    test = table["part"] == "test"
    same = patient.isin(patient[test]) | table["lesion"].isin(table["lesion"][test])
    return np.arange(len(table))[(same & (table["part"] == "train")).to_numpy()]


def nan_as_text(table):
    rows = table.astype(str)
    test = rows[rows["part"] == "test"]
    same = rows["patient"].isin(test["patient"]) | rows["lesion"].isin(test["lesion"])
    return np.flatnonzero(same & (rows["part"] == "train"))


def both_must_agree(table):
    test = table[table["part"] == "test"]
    same = table["patient"].isin(test["patient"].dropna()) & table["lesion"].isin(test["lesion"])
    return np.flatnonzero(same & (table["part"] == "train"))


def unknown_patients_dropped(table):
    rows = table.dropna()
    test = rows[rows["part"] == "test"]
    same = rows["patient"].isin(test["patient"]) | rows["lesion"].isin(test["lesion"])
    return np.flatnonzero(same & (rows["part"] == "train"))


def test_and_validation(table):
    others = table[table["part"] != "train"]
    same = table["patient"].isin(others["patient"].dropna())
    same |= table["lesion"].isin(others["lesion"])
    return np.flatnonzero(same & (table["part"] == "train"))


def duplicates(table):
    again = table["patient"].duplicated(keep=False) | table["lesion"].duplicated(keep=False)
    return np.flatnonzero(again & (table["part"] == "train"))


def names_of_rows(table):
    test = table[table["part"] == "test"]
    same = table["patient"].isin(test["patient"].dropna()) | table["lesion"].isin(test["lesion"])
    return list(table.index[same & (table["part"] == "train")])


def lesions_instead(table):
    test = table[table["part"] == "test"]
    return np.flatnonzero(table["lesion"].isin(test["lesion"]) & (table["part"] == "train"))


def how_many(table):
    return len(by_loop(table))


# ---- 9.2: from one mix to another ---------------------------------------------------------------


def with_einsum(rows, trained, wanted):
    factor = (np.array(wanted) / sum(wanted)) / (np.array(trained) / sum(trained))
    changed = np.einsum("...k,k->...k", rows, factor)
    return changed / np.expand_dims(changed.sum(axis=-1), -1)


def by_likelihood(rows, trained, wanted):
    likelihood = np.asarray(rows) / np.asarray(trained)
    joint = likelihood * np.asarray(wanted)
    return joint / joint.sum(-1, keepdims=True)


def by_class(rows, trained, wanted):
    changed = np.array(rows, float)
    for k in range(changed.shape[-1]):
        changed[..., k] *= wanted[k] / trained[k]
    total = changed.sum(axis=-1)
    return changed / total[..., None]


def in_float32(rows, trained, wanted):
    changed = rows.astype("float32") * (np.float32(wanted) / np.float32(trained))
    return changed / changed.sum(axis=-1, keepdims=True)


def in_logarithms(rows, trained, wanted):
    with np.errstate(divide="ignore"):
        logs = np.log(rows) + np.log(np.asarray(wanted, float)) - np.log(trained)
    logs = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return logs / logs.sum(axis=-1, keepdims=True)


def in_place(rows, trained, wanted):
    rows *= wanted / trained
    rows /= rows.sum(axis=-1, keepdims=True)
    return rows


def sums_without_keepdims(rows, trained, wanted):
    changed = rows * wanted / trained
    return changed / changed.sum(axis=-1)


# ---- 9.3: a threshold with conditions -----------------------------------------------------------


def by_sorting(labels, suspicions, wanted):
    limits = []
    for k, share in wanted.items():
        ordered = np.sort(suspicions[labels == k])[::-1]
        limits.append(ordered[int(np.ceil(round(share * len(ordered), 9))) - 1])
    return min(limits)


def by_descending_loop(labels, suspicions, wanted):
    for threshold in sorted(suspicions, reverse=True):
        if all((suspicions[labels == k] >= threshold).mean() >= q for k, q in wanted.items()):
            return threshold


def by_matrix(labels, suspicions, wanted):
    points = np.unique(suspicions)
    called = suspicions >= points[:, None]
    good = np.all([called[:, labels == k].mean(axis=1) >= q for k, q in wanted.items()], axis=0)
    return points[good][-1]


def half_way(labels, suspicions, wanted):
    best = by_sorting(labels, suspicions, wanted)
    return (best + max(suspicions[suspicions < best], default=0)) / 2


def by_table(labels, suspicions, wanted):
    table = pd.DataFrame({"label": labels, "s": suspicions})
    good = [
        t
        for t in table["s"].unique()
        if all(table.query("label == @k")["s"].ge(t).mean() >= q for k, q in wanted.items())
    ]
    return float(max(good))


def as_array(labels, suspicions, wanted):
    return np.float32(by_sorting(labels, suspicions, wanted))


def fewest_false_positives(labels, suspicions, wanted):
    others = ~np.isin(labels, list(wanted))
    good = [
        (np.sum(suspicions[others] >= t), -t)
        for t in suspicions
        if all(np.mean(suspicions[labels == k] >= t) >= q for k, q in wanted.items())
    ]
    return -min(good)[1]


def grid(labels, suspicions, wanted):
    steps = np.linspace(0, 1, 11)
    return max(
        t
        for t in steps
        if all(np.mean(suspicions[labels == k] >= t) >= q for k, q in wanted.items())
    )


def fixed(labels, suspicions, wanted):
    return 0.5


def mean_of_limits(labels, suspicions, wanted):
    return np.mean([by_sorting(labels, suspicions, {k: q}) for k, q in wanted.items()])


def share_rounded_down(labels, suspicions, wanted):
    limits = []
    for k, share in wanted.items():
        ordered = np.sort(suspicions[labels == k])[::-1]
        limits.append(ordered[max(int(share * len(ordered)) - 1, 0)])
    return min(limits)


def of_all_lesions(labels, suspicions, wanted):
    return min(np.quantile(suspicions, 1 - q) for q in wanted.values())


def positives_only_for_class_4(labels, suspicions, wanted):
    return by_sorting(labels, suspicions, {4: wanted.get(4, 0.95)}) if 4 in labels else 0.1


def by_inverted_cdf(labels, suspicions, wanted):
    return min(
        np.quantile(suspicions[labels == k], 1 - q, method="inverted_cdf")
        for k, q in wanted.items()
    )


def youden(labels, suspicions, wanted):
    ill = np.isin(labels, list(wanted))
    return max(
        np.unique(suspicions),
        key=lambda t: np.mean(suspicions[ill] >= t) - np.mean(suspicions[~ill] >= t),
    )


RIGHT = {
    "9.1": [by_loop, by_reset_index, by_groupby, by_query, by_filled_names],
    "9.2": [with_einsum, by_likelihood, by_class, in_float32, in_logarithms],
    "9.3": [
        by_sorting,
        by_descending_loop,
        by_matrix,
        by_table,
        as_array,
        fewest_false_positives,
        half_way,
    ],
}

WRONG = {
    "9.1": [
        nan_as_text,
        both_must_agree,
        unknown_patients_dropped,
        test_and_validation,
        duplicates,
        names_of_rows,
        lesions_instead,
        how_many,
    ],
    "9.2": [
        in_place,
        sums_without_keepdims,
        lambda q, t, w: q * np.asarray(w) / np.asarray(t),
        lambda q, t, w: q * np.asarray(t) / np.asarray(w),
        lambda q, t, w: q * np.asarray(w) / (q * np.asarray(w)).sum(axis=-1, keepdims=True),
        lambda q, t, w: q / np.asarray(t) / (q / np.asarray(t)).sum(axis=-1, keepdims=True),
        lambda q, t, w: (q * w / t) / (q * w / t).sum(axis=1, keepdims=True),
        lambda q, t, w: (q * w / t) / (q * w / t).sum(axis=0, keepdims=True),
        lambda q, t, w: q,
    ],
    "9.3": [
        grid,
        fixed,
        mean_of_limits,
        share_rounded_down,
        of_all_lesions,
        positives_only_for_class_4,
        youden,
        by_inverted_cdf,
        lambda y, s, w: min(s),
        lambda y, s, w: min(np.quantile(s[y == k], 1 - q) for k, q in w.items()),
    ],
}


def pooled(labels, suspicions, wanted):
    """Apply the strictest share to all wanted classes together."""
    everyone = np.isin(labels, list(wanted)).astype(int)
    return _highest(everyone, suspicions, {1: max(wanted.values())})


# What the check of 9.3 says to answers that are easily mistaken for right.
NAMED = {
    "9.3": {
        "does, too, and calls fewer others positive": Several(
            [
                partial(_highest, pick=min),
                partial(_highest, reach=np.greater),
                lambda y, s, w: min(s[np.isin(y, list(w))]),
                pooled,
                lambda y, s, w: min(np.quantile(s[y == k], 1 - q) for k, q in w.items()),
            ]
        ),
        "Choose among the suspicions that occur": Several(
            [
                lambda y, s, w: max(_highest(y, s, {k: q}) for k, q in w.items()),
                lambda y, s, w: _highest(y, s, dict([next(iter(w.items()))])),
                lambda y, s, w: _highest(y, s, dict([list(w.items())[-1]])),
                lambda y, s, w: min(np.quantile(s[y == k], q) for k, q in w.items()),
            ]
        ),
        "Return one number": lambda y, s, w: [_highest(y, s, {k: q}) for k, q in w.items()],
    },
}
