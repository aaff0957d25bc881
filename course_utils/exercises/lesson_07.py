"""Exercises of lesson 07, class imbalance."""

import numpy as np

from course_utils.exercises.exercise import Exercise, Several, choice, judged

check_7_1 = Exercise(
    "7.1",
    lambda sensitivity, specificity: (1 - specificity) / (1 - specificity + sensitivity),
    praise="At 5 % this test, 0.8 and 0.9, has a lower accuracy than no test at all.",
    calls=[(0.8, 0.9), (0.6, 0.7), (0.95, 0.5)],
    mistakes={
        "Those are the odds, p / (1 − p); turn them into p.": lambda a, b: (1 - b) / a,
        "This program always says benign; its accuracy is 1 − p.": lambda a, b: b / (1 - a + b),
        "That is the share without cancer; subtract it from 1.": lambda a, b: a / (1 - b + a),
        "You exchanged the two rates.": lambda a, b: (1 - a) / (1 - a + b),
        "Those are the false positives; cancers that are found count, too.": lambda a, b: 1 - b,
        "Set two accuracies equal, p · sensitivity + (1 − p) · specificity and 1 − p.": Several(
            [0.5, lambda a, b: a + b - 1, lambda a, b: (a + b) / 2]
        ),
    },
)

# After three images of validation 80 patients without cancer and 40 with, one to three images each:
# ratios of images and patients differ, and drawing among 40 leaves some of them out.
_TIMES = np.r_[1, 2, 1 + (np.arange(80) % 4 == 0), 1 + np.arange(40) % 3]
_WHO = np.repeat(np.arange(122), _TIMES)
_LABELS = ((_WHO == 1) | (_WHO > 81)).astype(int)
_PATIENTS, _SPLITS = np.char.mod("P%d", _WHO), np.where(_WHO < 2, "validation", "train")


@judged("7.2", ..., "Whole patients of the training part, everybody at least once.")
def check_7_2(oversampled):
    positions = oversampled(_LABELS.copy(), _PATIENTS.copy(), _SPLITS.copy())
    positions = np.asarray(positions)
    if positions.dtype.kind not in "iu" or positions.ndim != 1:
        return "Return positions of images: a row of integers, some of them several times."
    if not 0 <= positions.min() <= positions.max() < len(_LABELS):
        return f"Positions run from 0 to {len(_LABELS) - 1}, in the arrays that were given."
    times = np.bincount(positions, minlength=len(_LABELS))
    of_patient = times[np.unique(_WHO, return_index=True)[1]]
    torn, cancers = times != of_patient[_WHO], of_patient[82:].sum()
    if times[:3].any():
        return "Validation images: leakage, or positions counted inside train. Resample train only."
    if 0 in times[3:]:
        return "Some patients lost images: oversampling adds copies and leaves nobody out."
    if of_patient[:82].max() > 1:
        return "Patients without cancer are there several times: copy the others only."
    if torn.any():
        return "A patient has some images more often: you drew images. Copy whole patients."
    if cancers != 80:
        return f"Patients with cancer are there {cancers} times, those without 80: make that equal."


check_7_3 = choice("7.3")

check_7_4 = choice("7.4")


def _odds(p):
    return p / (1 - p)


def _in_use(old, new):
    return _odds(new) / (_odds(new) + _odds(old))


check_7_5 = Exercise(
    "7.5",
    lambda trained, prevalence: _odds(trained) / _odds(prevalence),
    praise="Half and half at 5 % is 19 false positives for a miss. Who balances has chosen costs.",
    calls=[(0.5, 0.05), (0.2, 0.05), (0.5, 0.3), (0.05, 0.05)],
    mistakes={
        "That is the reciprocal: a miss costs more.": lambda old, new: _odds(new) / _odds(old),
        "You divided shares; costs compare odds.": lambda old, new: old / new,
        "`trained` is not always 0.5: divide its odds, too.": lambda old, new: 1 / _odds(new),
        "That is where 0.5 lies in use, a probability p; the costs are (1 − p) to p.": _in_use,
        "That is 1 / p; 1 − p = miss · p has one less.": lambda a, b: 1 + _odds(a) / _odds(b),
        "At 0.5 both mistakes cost the same only at the prevalence of the training.": Several(
            [1, lambda old, new: 1.0]
        ),
    },
)


@judged("7.6", ..., "Each patient who stays counts for those who were left out.")
def check_7_6(arm):
    labels, groups = np.repeat([0, 1], [190, 20]), np.r_[np.arange(190), np.repeat([200, 201], 10)]
    answer = arm(labels.copy(), groups.copy())
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return f"Return two things, positions and weights; you return {type(answer).__name__}."
    positions, weights = answer
    if hasattr(positions, "keys"):
        return "Return the positions first, then the weights."
    if not hasattr(weights, "keys") or set(weights) != {0, 1}:
        return f"The weights are a dict with the keys 0 and 1; you return {weights!r:.60}."
    kept = np.unique(groups[np.asarray(positions)])
    others = int((kept < 200).sum())
    if len(np.unique(positions)) < len(positions):
        return "Some images are there several times: that is oversampling."
    if len(kept) < others + 2:
        return "You left out patients with cancer; only the others are plentiful."
    if others != 8:
        why = {
            190: "Nobody was left out.",
            2: "That is half and half; 20 % are asked for: `prevalence=0.2`.",
            80: "You counted images instead of patients: give `groups` to `undersample`.",
        }
        return why.get(others, f"You keep {others} patients without cancer; keep 8 for 2 with it.")
    mass = [count * weights[label] for label, count in enumerate((8, 20))]
    seen, wanted = mass[1] / sum(mass), labels.mean()
    if np.isclose(seen, wanted, atol=1e-4):
        return None
    hint = ""
    if np.isclose(seen, 20 / 28):
        hint = " The weights are equal, so that is the share that is left."
    elif np.isclose(seen, 0.5):
        hint = " The classes count equally now; they must count as they did before."
    elif seen > 20 / 28:
        hint = " You gave the cancers more weight, and too many of them are left already."
    return f"The network sees {seen:.3f} cancers instead of {wanted:.3f}.{hint}"
