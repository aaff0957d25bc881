"""Right and wrong answers to the exercises of lesson 13."""

import numpy as np
import pandas as pd

from course_utils import evaluation


def at(threshold, labels, values):
    called = np.asarray(values) >= threshold
    return called[labels == 1].mean(), 1 - called[labels == 0].mean()


def of_values(values, share=0.9):
    ordered = np.sort(values)[::-1]
    return ordered[int(np.ceil(share * len(ordered) - 1e-9)) - 1]


def by_sorting(v, a, t, b):
    return at(of_values(a[v == 1]), t, b)


def by_library(v, a, t, b):
    return at(evaluation.choose_threshold(v, a, "sensitivity", target=0.9).value, t, b)


def by_loop(v, a, t, b):
    for threshold in sorted(set(a), reverse=True):
        if np.mean(a[v == 1] >= threshold) >= 0.9:
            return list(at(threshold, t, b))
    return None


def by_lists(v, a, t, b):
    threshold = of_values([x for x, label in zip(a, v, strict=True) if label])
    pairs = list(zip(b >= threshold, t, strict=True))
    found = sum(bool(c) for c, label in pairs if label) / sum(t)
    spared = sum(not c for c, label in pairs if not label) / (len(t) - sum(t))
    return np.array([found, spared], dtype=np.float32)


def by_frame(v, a, t, b):
    threshold = of_values(a[v == 1])
    table = pd.DataFrame({"label": t, "called": b >= threshold})
    rates = table.groupby("label")["called"].mean()
    return rates[1], 1 - rates[0]


def in_place(v, a, t, b):
    result = by_sorting(v, a, t, b)
    a -= 0.1
    return result


LINES = {"preprocessing": 7, "copies": 8, "epoch": 20, "threshold": 26}
RIGHT = {
    "13.1": [
        LINES,
        LINES | {"copies": 9},
        LINES | {"epoch": 21, "copies": 10},
        LINES | {"threshold": 27, "epoch": np.int64(22)},
        {kind: [line] for kind, line in LINES.items()},
        [7, 8, 20, 26],
        LINES | {"copies": (8, 9), "epoch": [20, 21]},
    ],
    "13.3": [by_sorting, by_library, by_loop, by_lists, by_frame],
    "13.4": [589, 590, 589.0, np.int64(585), [595], 600],
    "13.5": [
        {"b", "d", "f", "h"},
        ["h", "f", "d", "b"],
        ("B", "D", "F", "H"),
        np.array(["b", "d", "f", "h"]),
        "b, d, f, h",
    ],
}
WRONG = {
    "13.1": [
        {7, 8, 20, 26},
        [7, 20, 8, 26],
        LINES | {"copies": []},
        {"preprocessing": 7, "copies": 8, "epoch": 20},
        LINES | {"preprocessing": 8},
        LINES | {"preprocessing": 10},
        LINES | {"copies": 7},
        LINES | {"epoch": 26},
        LINES | {"epoch": 19},
        LINES | {"threshold": 24},
        LINES | {"threshold": 25},
        LINES | {"seed": 5},
        26,
    ],
    "13.3": [
        lambda v, a, t, b: by_sorting(t, b, t, b),
        lambda v, a, t, b: by_sorting(v, a, v, a),
        lambda v, a, t, b: at(0.5, t, b),
        lambda v, a, t, b: by_sorting(v, a, t, b)[::-1],
        lambda v, a, t, b: (by_sorting(v, a, t, b)[0], 1 - by_sorting(v, a, t, b)[1]),
        lambda v, a, t, b: at(np.min(a[v == 1]), t, b),
        lambda v, a, t, b: by_sorting(v, a, t, b)[0],
        lambda v, a, t, b: at(np.quantile(a, 0.1), t, b),
        lambda v, a, t, b: None,
        lambda v, a, t, b: at(np.sort(a[v == 0])[int(0.9 * np.sum(v == 0))], t, b),
        in_place,
        0.5,
    ],
    "13.4": [1767, 1178, 289, 683, 1472, 884, 361, 100, 5000, "many", np.nan, 0.03],
    "13.5": [
        {"b", "d", "f"},
        {"b", "d", "f", "h", "g"},
        {"a", "c", "e", "g"},
        "b",
        {"b", "f", "h"},
        {"d", "e", "f", "h"},
        {"z"},
        set(),
        7,
        {"b": "labels"},
    ],
}
