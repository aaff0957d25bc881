"""Right and wrong answers to the exercises of lesson 05, in the styles of different readers."""

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    StratifiedGroupKFold,
    train_test_split,
)

from course_utils import datasets, evaluation

# ---- 5.1 ----------------------------------------------------------------------------------------


def counted(labels, called):
    counts = {(truth, call): 0 for truth in (0, 1) for call in (0, 1)}
    for truth, call in zip(labels, called, strict=True):
        counts[truth, call] += 1
    sensitivity = counts[1, 1] / (counts[1, 1] + counts[1, 0])
    return [sensitivity, counts[0, 0] / (counts[0, 0] + counts[0, 1])]


def from_matrix(labels, called):
    (tn, fp), (fn, tp) = metrics.confusion_matrix(labels, called)
    return tp / (tp + fn), tn / (tn + fp)


def recalls(labels, called):
    return metrics.recall_score(labels, called), metrics.recall_score(labels, called, pos_label=0)


def grouped_means(labels, called):
    rates = pd.Series(called).groupby(labels).mean()
    return np.array([rates[1], 1 - rates[0]], dtype=np.float32)


def colleague(labels, called):
    return np.mean(labels[called == 1] == 1), np.mean(~called[labels == 0])


# ---- 5.3 ----------------------------------------------------------------------------------------


def by_floor(labels, probabilities, target):
    positives = sorted(probabilities[labels == 1])
    return positives[int(np.floor((1 - target) * len(positives)))]


def by_search(labels, probabilities, target):
    good = [t for t in probabilities if np.mean(probabilities[labels == 1] >= t) >= target]
    return max(good)


def by_roc_curve(labels, probabilities, target):
    _, hits, values = metrics.roc_curve(labels, probabilities, drop_intermediate=False)
    return values[np.argmax(hits >= target)]


def by_package(labels, probabilities, target):
    return evaluation.choose_threshold(labels, probabilities, "sensitivity", target=target).value


def by_loop(labels, probabilities, target):
    for value in np.sort(probabilities)[::-1].astype(np.float32):
        if np.mean(probabilities[labels == 1] >= value - 1e-6) >= target:
            return value


def quantile(method):
    return lambda y, p, t: np.quantile(p[y == 1], 1 - t, method=method)


# ---- 5.5 ----------------------------------------------------------------------------------------


def aggregated(rows, model, rule="mean"):
    return datasets.aggregate(rows[model], rows["patient"], rule=rule, labels=rows["label"])


def claim_of(low, high):
    return "new is better" if low > 0 else "old is better" if high < 0 else "not shown"


def by_aggregate(validation, test, rule="mean"):
    known = aggregated(validation, "new", rule)
    new, old = aggregated(test, "new", rule), aggregated(test, "old", rule)
    frozen = evaluation.choose_threshold(
        known.labels, known.probabilities, "sensitivity", target=0.9
    )
    gain = evaluation.bootstrap(
        evaluation.roc_auc,
        new.labels,
        new.probabilities,
        against=old.probabilities,
        n_resamples=400,
    )
    found = new.probabilities[new.labels == 1] >= frozen.value
    return {
        "threshold": frozen.value,
        "sensitivity": found.mean(),
        "gain": (gain.value, gain.low, gain.high),
        "claim": claim_of(gain.low, gain.high),
    }


def by_hand(validation, test, *, stratified=True, paired=True, score=evaluation.roc_auc):
    known = validation.groupby("patient")[["label", "new"]].mean()
    values = np.sort(known.new[known.label == 1])[::-1]
    threshold = values[int(np.ceil(0.9 * len(values) - 1e-9)) - 1]
    patients = test.groupby("patient")[["label", "old", "new"]].mean().to_numpy()
    rng, gains = np.random.default_rng(1), []

    def draw():
        if not stratified:
            return patients[rng.integers(len(patients), size=len(patients))]
        classes = [patients[patients[:, 0] == k] for k in (0, 1)]
        return np.concatenate([c[rng.integers(len(c), size=len(c))] for c in classes])

    for _ in range(300):
        one = draw()
        other = one if paired else draw()
        gains.append(score(one[:, 0], one[:, 2]) - score(other[:, 0], other[:, 1]))
    low, high = np.percentile(gains, [2.5, 97.5])
    positives = patients[patients[:, 0] == 1]
    return {
        "sensitivity": float((positives[:, 2] >= threshold).mean()),
        "threshold": float(threshold),
        "gain": [
            score(patients[:, 0], patients[:, 2]) - score(patients[:, 0], patients[:, 1]),
            low,
            high,
        ],
        "claim": claim_of(low, high),
    }


def changed(**functions):
    """Return a right answer of which some parts are computed otherwise."""

    def answer(validation, test):
        found = by_aggregate(validation, test)
        return found | {key: function(validation, test) for key, function in functions.items()}

    return answer


def slices(validation, test):
    alone = [t.assign(patient=np.arange(len(t))) for t in (validation, test)]
    return by_aggregate(*alone)


def hits_of_slices(validation, test):
    threshold = by_aggregate(validation, test)["threshold"]
    return np.mean([p >= threshold for p in test["new"][test["label"] == 1]])


def ends(validation, test):
    new, old = aggregated(test, "new"), aggregated(test, "old")
    scores = [
        evaluation.bootstrap(evaluation.roc_auc, x.labels, x.probabilities) for x in (new, old)
    ]
    gain = scores[0].value - scores[1].value
    return gain, scores[0].low - scores[1].high, scores[0].high - scores[1].low


def claim_of_overlap(validation, test):
    new, old = aggregated(test, "new"), aggregated(test, "old")
    one, other = (
        evaluation.bootstrap(evaluation.roc_auc, x.labels, x.probabilities, n_resamples=400)
        for x in (new, old)
    )
    return "new is better" if one.low > other.high else claim_of(-1, one.high - other.low)


def swapped(validation, test):
    names = {"old": "new", "new": "old"}
    return by_aggregate(validation.rename(columns=names), test.rename(columns=names))


def always(words):
    return changed(claim=lambda v, t: words)


# ---- 5.6 ----------------------------------------------------------------------------------------


def first_fold(groups, labels):
    _, test = next(StratifiedGroupKFold(5).split(np.zeros(len(groups)), labels, groups))
    in_test = np.zeros(len(groups), dtype=bool)
    in_test[test] = True
    return in_test


def stratified_patients(groups, labels):
    table = pd.DataFrame({"group": groups, "label": labels}).drop_duplicates("group")
    _, chosen = train_test_split(
        table["group"], test_size=0.2, stratify=table["label"], random_state=3
    )
    return np.isin(groups, chosen)


def every_fifth(groups, labels):
    chosen = set()
    for k in (0, 1):
        chosen |= set(np.unique(groups[labels == k])[::5])
    return [group in chosen for group in groups]


def drawn_in_each_class(groups, labels):
    rng = np.random.default_rng(5)
    patients = [np.unique(groups[labels == k]) for k in (0, 1)]
    chosen = [rng.choice(p, round(len(p) / 5), replace=False) for p in patients]
    return np.isin(groups, np.concatenate(chosen)).astype(int)


def every_fifth_number(groups, labels):
    return np.isin(groups, np.unique(groups)[::5])


def by_image(groups, labels):
    _, test = train_test_split(
        np.arange(len(labels)), test_size=0.2, stratify=labels, random_state=0
    )
    return np.isin(np.arange(len(labels)), test)


def first_patients(groups, labels):
    patients = np.unique(groups)
    return np.isin(groups, patients[: len(patients) // 5])


def as_many_of_each(groups, labels):
    n = round(len(np.unique(groups)) / 10)
    return np.isin(groups, np.concatenate([np.unique(groups[labels == k])[:n] for k in (0, 1)]))


def unstratified(groups, labels):
    split = GroupShuffleSplit(1, test_size=0.2, random_state=0).split(groups, labels, groups)
    return np.isin(np.arange(len(groups)), next(split)[1])


RIGHT = {
    "5.1": [
        counted,
        from_matrix,
        recalls,
        grouped_means,
        lambda y, c: ((c * y).sum() / y.sum(), ((1 - c) * (1 - y)).sum() / (1 - y).sum()),
    ],
    "5.3": [by_floor, by_search, by_roc_curve, by_package, by_loop],
    "5.2": [
        ("C", 0.32),
        ["c", 0.319],
        ("C ", 36 / 112.8),
        ("C", np.float32(0.3191)),
        np.array(["C", 0.319], dtype=object),
    ],
    "5.5": [
        by_aggregate,
        by_hand,
        lambda v, t: by_hand(v, t, stratified=False),
        lambda v, t: by_hand(v, t, score=metrics.roc_auc_score),
        changed(gain=lambda v, t: np.array(by_hand(v, t)["gain"])),
    ],
    "5.6": [first_fold, stratified_patients, every_fifth, drawn_in_each_class, every_fifth_number],
}
WRONG = {
    "5.1": [
        colleague,
        lambda y, c: colleague(y, c)[::-1],
        lambda y, c: (np.mean(c[y == 1]), np.mean(~c[y == 0])),
        lambda y, c: (np.mean(y[c == 1]), np.mean(c[y == 0] == 0)),
        lambda y, c: (np.mean(c[y == 1]), np.mean(c[y == 0])),
        lambda y, c: (np.mean(y[c == 1]), 1 - np.mean(y[c == 0])),
        lambda y, c: (np.mean(c[y == 0] == 0), np.mean(c[y == 1])),
        lambda y, c: metrics.accuracy_score(y, c),
        lambda y, c: (metrics.recall_score(y, c), metrics.precision_score(y, c)),
        lambda y, c: {"sensitivity": 0.75, "specificity": 2 / 3},
        lambda y, c: print(end=""),
    ],
    "5.3": [
        *(quantile(m) for m in ("linear", "lower", "higher", "nearest", "inverted_cdf")),
        lambda y, p, t: max(x for x in np.linspace(0, 1, 101) if np.mean(p[y == 1] >= x) >= t),
        lambda y, p, t: np.sort(p[y == 1])[int(np.ceil(t * sum(y))) - 1],
        lambda y, p, t: np.sort(p[y == 1])[::-1][int(t * sum(y)) - 1],
        lambda y, p, t: np.sort(p[y == 1])[::-1][min(int(np.ceil(t * sum(y))), sum(y) - 1)],
        lambda y, p, t: np.sort(p)[::-1][int(np.ceil(t * len(p))) - 1],
        lambda y, p, t: np.sort(p[y == 0])[::-1][int(np.ceil(t * sum(y == 0))) - 1],
        lambda y, p, t: t,
        lambda y, p, t: 1 - t,
        lambda y, p, t: p.min(),
        lambda y, p, t: print(end=""),
    ],
    "5.2": [
        ("A", 39.2 / 231.2),
        ("B", 36.8 / 123.2),
        ("D", 30 / 58.8),
        ("C", 0.9 / 0.98),
        ("C", 36 / 76.8),
        ("C", 0.036),
        ("C", 0.113),
        ("C", 0.90),
        ("C", 31.9),
        "C",
        0.319,
        ("C", 0.5),
    ],
    "5.5": [
        slices,
        swapped,
        changed(threshold=lambda v, t: by_aggregate(t, t)["threshold"]),
        changed(threshold=lambda v, t: swapped(v, t)["threshold"]),
        changed(threshold=lambda v, t: 0.5),
        changed(sensitivity=lambda v, t: by_aggregate(v, v)["sensitivity"]),
        changed(sensitivity=hits_of_slices),
        changed(gain=lambda v, t: by_hand(v, t, paired=False)["gain"]),
        changed(gain=ends),
        changed(gain=lambda v, t: slices(v, t)["gain"]),
        changed(gain=lambda v, t: swapped(v, t)["gain"]),
        changed(claim=claim_of_overlap),
        always("new is better"),
        always("not shown"),
        always("old is better"),
        lambda v, t: tuple(by_aggregate(v, t).values()),
        lambda v, t: {"threshold": 0.5},
        lambda v, t: print(end=""),
    ],
    "5.6": [
        by_image,
        first_patients,
        unstratified,
        as_many_of_each,
        lambda g, y: np.arange(len(g)) < len(g) / 5,
        lambda g, y: np.zeros(len(g), dtype=bool),
        lambda g, y: np.flatnonzero(first_fold(g, y)),
        lambda g, y: ~first_fold(g, y),
        lambda g, y: np.isin(g, np.unique(g[y == 1])[::5]),
        lambda g, y: g[first_fold(g, y)],
        lambda g, y: next(GroupKFold(2).split(g, y, g))[1],
        lambda g, y: print(end=""),
    ],
}
