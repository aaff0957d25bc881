"""Exercises of lesson 12, on what a network needs before it is used elsewhere."""

import numpy as np

from course_utils.exercises.exercise import Exercise, choice

check_12_1 = choice(
    "12.1",
    "c",
    praise="The AUC fell, so no threshold brings back what the network can do at home.",
    a="Sensitivity is kept by calling nearly everybody positive; look at the specificity.",
    b="A needless biopsy is an appointment, a wound and days of fear, and trust is lost with it.",
    d="A threshold moves along the curve, and here the curve itself is lower: compare the AUCs.",
)


def _accuracy(unsure=lambda p: np.minimum(p, 1 - p), kept=round, right=lambda y, p: (p > 0.5) == y):
    """Return the function, right or with another order, number or answer."""

    def surest_accuracy(labels, probabilities, coverage):
        labels, probabilities = np.asarray(labels), np.asarray(probabilities)
        rows = np.argsort(unsure(probabilities))[: kept(coverage * len(labels))]
        return right(labels[rows], probabilities[rows]).mean()

    return surest_accuracy


def _total(labels, probabilities, coverage):
    kept = round(coverage * len(labels))
    return _accuracy()(labels, probabilities, coverage) * kept / len(labels)


_LABELS = np.array([1, 1, 0, 0, 0, 1, 0, 1, 0, 0])
_VALUES = np.array([0.97, 0.92, 0.04, 0.45, 0.61, 0.33, 0.08, 0.72, 0.56, 0.24])

check_12_2 = Exercise(
    "12.2",
    _accuracy(),
    praise="It is used below.",
    calls={
        "ten patients and a coverage of 0.5": (_LABELS, _VALUES, 0.5),
        "ten patients and a coverage of 0.3": (_LABELS, _VALUES, 0.3),
        "ten patients and a coverage of 1": (_LABELS, _VALUES, 1.0),
        "four patients and a coverage of 0.75": (_LABELS[3:7], _VALUES[3:7], 0.75),
    },
    keeps_inputs=True,
    mistakes={
        "You keep the least sure ones: the smallest 1 − max p first.": _accuracy(
            unsure=lambda p: -np.minimum(p, 1 - p)
        ),
        "You keep the highest probabilities; 0.03 is as sure as 0.97.": _accuracy(
            unsure=lambda p: -p
        ),
        "You keep the lowest probabilities; 0.97 is as sure as 0.03.": _accuracy(
            unsure=lambda p: p
        ),
        "You keep everybody: use the coverage.": _accuracy(kept=lambda number: None),
        "You keep the share that should leave: coverage is the share decided.": (
            lambda labels, values, coverage: _accuracy()(labels, values, 1 - coverage)
        ),
        "Divide by the patients that are kept, not by all.": _total,
        "That is the share of errors; accuracy is one minus it.": _accuracy(
            right=lambda y, p: (p > 0.5) != y
        ),
        "That is the share called malignant, not the share that is right.": _accuracy(
            right=lambda y, p: p > 0.5
        ),
        "You count only the malignant ones: an answer below 0.5 can be right, too.": _accuracy(
            right=lambda y, p: (p > 0.5) * y
        ),
    },
)

_RISKS = {"Ana": 0.01, "Bea": 0.04, "Cho": 0.07, "Dina": 0.30, "Eve": 0.52, "Fay": 0.93}


def _names(answer, allowed):
    """Return a set of texts, or a sentence on what else the answer is."""
    if isinstance(answer, (str, dict)) or not np.iterable(answer):
        return f"Your answer is {answer!r:.60}; give a set of names in quotes."
    names = {str(name) for name in answer}
    for name in sorted(names - {*allowed}):
        return f"{name!r} is not among the choices; write the names as they stand there."
    return names


def _judge_readings(answer):
    names = _names(answer, _RISKS)
    if isinstance(names, str):
        return names
    if len(names) != 2:
        return f"You chose {len(names)}; there is time for two."
    if names == {"Eve", "Dina"} or "Eve" in names:
        return "0.52 is unsure about cancer, not about the biopsy: from 5 % on she gets one anyway."
    if "Fay" in names:
        return "Fay's biopsy is decided: a reading would hardly bring 0.93 below 0.05."
    if "Ana" in names:
        return "Ana is far below the limit: 0.01 would have to rise fivefold."
    if "Dina" in names:
        return "Dina's risk is six times the limit; who is closer to it?"
    return None


check_12_3 = Exercise(
    "12.3",
    {"Bea", "Cho"},
    praise="Their risks lie on either side of 5 %, so a reading can change what is done.",
    judge=_judge_readings,
)

check_12_4 = choice(
    "12.4",
    "c",
    praise="Its interval reaches from 0.55 to 0.95, and it is the worst of twelve groups.",
    a="Groups of 12 cancers cannot show a difference; 'not significant' is not 'equal'.",
    b="With 12 cancers the interval reaches to 0.95, and the worst of twelve groups looks bad.",
    d="Whoever leaves it out hides that nobody knows; report it with its interval.",
)

_LEFT = {
    "OtherPatientIDsSequence": "Other numbers of the patient stand in a sequence.",
    "StationName": "The name of the machine leads to the hospital.",
    "StudyDate": "The hospital's records know who was examined on that day.",
    "StudyInstanceUID": "The archive finds the study by its UID.",
}
_GONE = {
    "InstitutionName": "the script deletes it",
    "Modality": "all CT images have the same",
    "PatientName": "the script replaces it",
    "PixelSpacing": "many patients have the same, and the network needs it",
}


def _judge_header(answer):
    names = _names(answer, {*_LEFT, *_GONE})
    if isinstance(names, str):
        return names
    for name in sorted(names & {*_GONE}):
        return f"`{name}` no longer leads to the patient: {_GONE[name]}."
    missing = [why for name, why in _LEFT.items() if name not in names]
    return f"{len(missing)} missing. {missing[0]}" if missing else None


check_12_5 = Exercise(
    "12.5",
    {*_LEFT},
    praise="And the dates, times and UIDs inside other elements are left as well.",
    judge=_judge_header,
)
