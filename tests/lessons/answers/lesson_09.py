"""Right and wrong answers to the exercises of lesson 09."""


def in_place(rows, trained, wanted):
    rows *= wanted / trained
    rows /= rows.sum(axis=1, keepdims=True)
    return rows


RIGHT = {"9.3": [in_place]}

WRONG = {"9.2": [lambda x, p: x / (x**p).mean(axis=(1, 2)) ** (1 / p)]}
