"""Exercises of lesson 09, skin lesions."""

import numpy as np
import pandas as pd

from course_utils.exercises.exercise import Exercise, Several, choice, judged


def _pictures(rows, index=None):
    """Return a table of (patient, lesion, part); a patient of - is missing."""
    cells = [row.split() for row in rows.split(", ")]
    table = pd.DataFrame(cells, columns=["patient", "lesion", "part"], index=index)
    return (table.assign(patient=table["patient"].where(table["patient"] != "-")),)


def _leaks(table, kinds=("patient", "lesion"), of="test", part="train", known=True):
    """Return the rows of a part that share one of the kinds with another part."""
    others, same = table[table["part"] == of], False
    for kind in kinds:
        same |= table[kind].isin(others[kind].dropna() if known else others[kind])
    return np.flatnonzero(same & (table["part"] == part))


_TRUE_OR_FALSE = "That is True or False for each row; return the positions: `np.flatnonzero`."
_NAMES_OF_ROWS = "These are the names of the rows; return their positions, counted from 0."


def _positions(found):
    """Say what is no list of row numbers."""
    array = np.asarray(found)
    if array.size and array.dtype.kind not in "iu":
        return _TRUE_OR_FALSE if array.dtype.kind == "b" else _NAMES_OF_ROWS
    if array.ndim != 1:
        return "Return a list or an array of positions, also where there are none."


_TRAIN, _VALID, _TEST = "train", "validation", "test"
_A = "P1 L1 train, P1 L2 test, - L3 train, - L4 test, - L4 train, P2 L5 validation, P2 L6 train, "
_A += "P1 L7 validation"
_B = "P9 L1 test, - L2 train, P3 L3 train, P9 L4 train, P9 L4 train, - L2 test"

check_9_1 = Exercise(
    "9.1",
    _leaks,
    praise="It now guards the study below.",
    calls={
        "a table with missing patients": _pictures(_A),
        "a table whose rows are named by files": _pictures(_B, [f"{k}.jpg" for k in range(6)]),
        "a table without a leak": _pictures("P1 L1 train, P2 L2 test, P1 L1 train, P2 L2 test"),
    },
    look=_positions,
    # A list of positions is as good as an array, in any order.
    view=lambda found: np.sort(np.asarray(found)),
    mistakes={
        "Two missing patients count as the same person: `isin` says so of NaN. Leave them out of "
        "what you compare with.": lambda t: _leaks(t, known=False),
        "Other lesions of the same patient leak, too.": lambda t: _leaks(t, ("lesion",)),
        "Where the patient is missing, the lesion decides.": lambda t: _leaks(t, ("patient",)),
        "Keep the test part, and remove rows of train.": lambda t: _leaks(t, of=_TRAIN, part=_TEST),
        "You compared train with validation. Here the test part is to be kept apart.": Several(
            [lambda t: _leaks(t, of=_VALID), lambda t: np.union1d(_leaks(t, of=_VALID), _leaks(t))]
        ),
        "Compare train with the test part.": lambda t: np.flatnonzero(t["part"] == _TRAIN),
        _NAMES_OF_ROWS: lambda t: t.index[_leaks(t)],
        _TRUE_OR_FALSE: lambda t: np.isin(np.arange(len(t)), _leaks(t)),
        "Only rows of train can be removed. Yours has validation or test rows, too.": Several(
            [
                lambda t: np.union1d(_leaks(t), _leaks(t, part=_VALID)),
                lambda t: np.union1d(_leaks(t), np.flatnonzero(t["part"] == _TEST)),
            ]
        ),
    },
)


def _adjusted(change=lambda q, t, w: q * w / t, sums=-1, keepdims=True):
    """Return the function, right or with another formula, and other sums or none to divide by."""

    def adjust(probabilities, trained, wanted):
        trained, wanted = (np.asarray(mix, float) / np.sum(mix) for mix in (trained, wanted))
        rows = change(probabilities, trained, wanted)
        return rows if sums is None else rows / rows.sum(axis=sums, keepdims=keepdims)

    return adjust


def _added(q, trained, wanted):
    return np.clip(q + wanted - trained, 0, None)


_Q = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.1, 0.7, 0.2]])
_RUNS = np.random.default_rng(9).dirichlet(np.ones(4), (2, 3))

check_9_2 = Exercise(
    "9.2",
    _adjusted(),
    praise="No training needed: only the shares of the classes have changed.",
    calls={
        "three lesions": (_Q, np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.3, 0.5])),
        "shares given as counts": (_Q, np.array([50, 30, 20]), np.array([500, 5, 95])),
        "two trainings, a class missing": (_RUNS, np.full(4, 0.25), np.array([0.5, 0, 0.2, 0.3])),
    },
    tolerance=1e-5,
    keeps_inputs=True,
    mistakes={
        "The rows do not sum to 1: divide each by its sum.": Several(
            [lambda q, t, w: q * w / t, _adjusted(sums=None)]
        ),
        "It leads the other way, from `wanted` to `trained`.": _adjusted(lambda q, t, w: q * t / w),
        "`probabilities` contain the shares it was trained on.": _adjusted(lambda q, t, w: q * w),
        "That leads to equal shares; put the wanted ones in.": _adjusted(lambda q, t, w: q / t),
        "Each lesion sums to 1; you divided by the sum of each class.": _adjusted(sums=0),
        "With several trainings, the classes are the last axis: `axis=-1`.": _adjusted(sums=1),
        "Multiply by the ratio of the shares; you added.": _adjusted(_added),
        "Multiply by wanted over trained; you averaged.": _adjusted(lambda q, t, w: q + w),
        "The sums are divided along the wrong axis: `keepdims=True`.": _adjusted(keepdims=False),
        "Nothing has changed: use both mixes.": lambda q, t, w: q,
        "A softmax is for logits: take sums.": _adjusted(lambda q, t, w: np.exp(q * w / t)),
        "That is a power; multiply by the ratio instead.": _adjusted(lambda q, t, w: q ** (w / t)),
    },
)


def _highest(labels, suspicions, wanted, reach=np.greater_equal, pick=max):
    """Return the highest of the suspicions from which on each class is found as often as wanted."""
    good = [
        t
        for t in np.unique(suspicions)
        if all(np.mean(reach(suspicions[labels == k], t)) >= share for k, share in wanted.items())
    ]
    return pick(good)


_SUSPECTED = np.array(
    [0.91, 0.32, 0.55, 0.74, 0.62, 0.83, 0.47, 0.69, 0.22, 0.38, 0.58, 0.11, 0.66, 0.04, 0.35, 0.27]
)
_CLASSES = np.array([4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 5, 5, 5, 5, 5])
# The second draw has another class that decides, and ties.
_TIED = np.array([0.9, 0.4, 0.4, 0.8, 0.6, 0.6, 0.3, 0.7, 0.5, 0.2])
_TIED_CLASSES = np.array([1, 1, 1, 1, 1, 2, 2, 2, 2, 0])

_DRAWS = {
    "classes 4 and 0": (_CLASSES, _SUSPECTED, {4: 0.85, 0: 0.6}),
    "classes 1 and 2, with ties": (_TIED_CLASSES, _TIED, {2: 0.7, 1: 0.6}),
    "one class that must all be found": (_CLASSES, _SUSPECTED, {0: 1.0}),
}


@judged("9.3", _highest, "Chosen on validation lesions; from here on it is frozen.")
def check_9_3(answer):
    for words, (labels, suspicions, wanted) in _DRAWS.items():
        best = _highest(labels, suspicions, wanted)
        got = answer(labels.copy(), suspicions.copy(), dict(wanted))
        if got is None:
            return "Your result is None. Did you forget `return`, or print instead of returning?"
        if np.ndim(got) or not np.isreal(got):
            return f"Return one number, not {got!r:.60}."
        # Any number between two suspicions makes the same calls; float32 may lie slightly above.
        calls = suspicions >= float(got) - 1e-6
        if (calls == (suspicions >= best)).all():
            continue
        for k, share in wanted.items():
            found = calls[labels == k].mean()
            if found < share:
                return (
                    f"For {words}, wanted {wanted}: your threshold {got:.3g} finds only "
                    f"{found:.2f} of class {k}. Choose among the suspicions that occur."
                )
        return (
            f"For {words}, wanted {wanted}: your threshold {got:.3g} satisfies the conditions, but "
            f"{best:.3g} does, too, and calls fewer others positive."
        )


check_9_4 = choice("9.4")
