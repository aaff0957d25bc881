"""Right and wrong answers to the exercises of lesson 12."""

import numpy as np
import pandas as pd


def by_confidence(labels, probabilities, coverage):
    sure = np.abs(np.asarray(probabilities) - 0.5)
    kept = np.argsort(sure)[::-1][: round(len(sure) * coverage)]
    return float(np.mean((np.asarray(probabilities)[kept] > 0.5) == np.asarray(labels)[kept]))


def by_table(labels, probabilities, coverage):
    table = pd.DataFrame({"y": labels, "p": probabilities})
    table["sure"] = np.maximum(table["p"], 1 - table["p"])
    kept = table.nlargest(round(coverage * len(table)), "sure")
    return ((kept["p"] > 0.5).astype(int) == kept["y"]).mean()


def by_loop(labels, probabilities, coverage):
    rows = sorted(zip(labels, probabilities, strict=True), key=lambda row: min(row[1], 1 - row[1]))
    rows = rows[: round(coverage * len(rows))]
    return sum((p >= 0.5) == bool(y) for y, p in rows) / len(rows)


def by_limit(labels, probabilities, coverage):
    unsure = np.minimum(probabilities, 1 - probabilities)
    kept = unsure <= np.sort(unsure)[round(coverage * len(unsure)) - 1]
    return np.float32((np.round(probabilities[kept]) == labels[kept]).mean())


def with_ceiling(labels, probabilities, coverage):
    order = np.argsort(1 - np.maximum(probabilities, 1 - probabilities))
    number = int(np.ceil(coverage * len(labels) - 1e-9))
    return np.equal(labels[order][:number], probabilities[order][:number] > 0.5).mean()


def kept_rows(order, labels, probabilities, coverage):
    rows = order[: round(coverage * len(labels))]
    return labels[rows], probabilities[rows]


def in_place(labels, probabilities, coverage):
    probabilities[:] = np.where(probabilities > 0.5, probabilities, 1 - probabilities)
    labels, sure = kept_rows(np.argsort(-probabilities), labels, probabilities, coverage)
    return (labels == (sure > 0.5)).mean()


def first_ones(labels, probabilities, coverage):
    number = round(coverage * len(labels))
    return ((probabilities[:number] > 0.5) == labels[:number]).mean()


def highest(labels, probabilities, coverage):
    labels, values = kept_rows(np.argsort(-probabilities), labels, probabilities, coverage)
    return ((values > 0.5) == labels).mean()


def least_sure(labels, probabilities, coverage):
    order = np.argsort(np.abs(probabilities - 0.5))
    labels, values = kept_rows(order, labels, probabilities, coverage)
    return ((values > 0.5) == labels).mean()


def number_right(labels, probabilities, coverage):
    order = np.argsort(-np.abs(probabilities - 0.5))
    labels, values = kept_rows(order, labels, probabilities, coverage)
    return ((values > 0.5) == labels).sum()


def errors(labels, probabilities, coverage):
    return 1 - by_confidence(labels, probabilities, coverage)


RIGHT = {
    "12.2": [by_confidence, by_table, by_loop, by_limit, with_ceiling],
    "12.3": [
        {"Cho", "Bea"},
        ["Bea", "Cho"],
        ("Cho", "Bea"),
        np.array(["Bea", "Cho"]),
        frozenset({"Bea", "Cho"}),
        "bea, cho",
    ],
    "12.5": [
        {"StudyDate", "StudyInstanceUID", "StationName", "OtherPatientIDsSequence"},
        ["OtherPatientIDsSequence", "StationName", "StudyDate", "StudyInstanceUID"],
        ("StudyDate", "StudyInstanceUID", "StationName", "OtherPatientIDsSequence"),
        pd.Series(["StationName", "StudyDate", "StudyInstanceUID", "OtherPatientIDsSequence"]),
        frozenset({"StudyDate", "StudyInstanceUID", "StationName", "OtherPatientIDsSequence"}),
    ],
}
WRONG = {
    "12.2": [
        first_ones,
        highest,
        least_sure,
        number_right,
        errors,
        in_place,
        lambda y, p, c: ((p > 0.5) == y).mean(),
        lambda y, p, c: by_confidence(y, p, 1 - c) if c < 1 else by_confidence(y, p, 1),
        lambda y, p, c: by_confidence(y, p, c) * c,
        lambda y, p, c: None,
    ],
    "12.3": [
        {"Eve", "Dina"},
        {"Fay", "Eve"},
        {"Ana", "Bea"},
        {"Bea"},
        {"Bea", "Cho", "Dina"},
        {"Cho", "Dina"},
        "Bea",
        {"Mia", "Cho"},
        2,
    ],
    "12.5": [
        {"StudyDate"},
        {"StudyDate", "StudyInstanceUID", "StationName"},
        {"StudyDate", "StudyInstanceUID", "StationName", "OtherPatientIDsSequence", "Modality"},
        {"PatientName", "StudyDate"},
        {"InstitutionName"},
        {"PixelSpacing", "StudyDate"},
        "StudyDate",
        {"studytime"},
        set(),
    ],
}
