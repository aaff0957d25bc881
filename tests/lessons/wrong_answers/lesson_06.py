"""Wrong answers to the exercises of lesson 06."""

import numpy as np


def stopping(*, wait=0, first=1, previous=False, ties=False):
    """Return a learner's early stopping with one thing wrong."""

    def run(losses, patience):
        best = best_epoch = compared = None
        waited = 0
        for epoch, loss in enumerate(losses, start=first):
            better = best is None or loss < compared or (ties and loss == compared)
            if better:
                best, best_epoch, waited = loss, epoch, 0
            else:
                waited += 1
            compared = loss if previous else best
            if waited >= patience + wait:
                return epoch, best_epoch
        return epoch, best_epoch

    return run


def never_stops(losses, patience):
    return len(losses), int(np.argmin(losses)) + 1


def kept(draws, rate):
    return draws >= rate


def best_single_run(scores):
    choosing = scores[scores["part"] == "choosing"]
    return choosing.loc[choosing["auc"].idxmax(), "arm"]


def best_on(part):
    def choose(scores):
        rows = scores[scores["part"] == part] if part else scores
        return rows.groupby("arm")["auc"].mean().idxmax()

    return choose


def whole_ranking(scores):
    return scores[scores["part"] == "choosing"].groupby("arm")["auc"].mean()


WRONG_ANSWERS = {
    "6.1": [
        (lambda w, f: sum((a**2).sum() for a in w), "forgot the factor"),
        (lambda w, f: f * (w[0] ** 2).sum(), "first array only"),
        (lambda w, f: f * (w[-1] ** 2).sum(), "last array only"),
        (lambda w, f: f * sum(np.abs(a).sum() for a in w), "L1"),
        (lambda w, f: f * np.sqrt(sum((a**2).sum() for a in w)), "square root"),
        (lambda w, f: f * sum((a**2).sum() for a in w) / sum(a.size for a in w), "mean"),
        (lambda w, f: f / 2 * sum((a**2).sum() for a in w), "halve"),
        (lambda w, f: f * sum(a.sum() ** 2 for a in w), "before you add"),
        (lambda w, f: print(f), "forget `return`"),
    ],
    "6.2": [
        (lambda v, r, d: v * kept(d, r), "divide those that stay"),
        (lambda v, r, d: v * kept(d, r) * (1 - r), "divide, so that"),
        (lambda v, r, d: v * kept(d, r) / r, "the share that stays"),
        (lambda v, r, d: v * (d < r) / (1 - r), "share to drop"),
        (lambda v, r, d: v * (d < r), "wrong ones"),
        (lambda v, r, d: v[kept(d, r)] / (1 - r), "shape stays"),
        (lambda v, r, d: v / (1 - r), "drop none"),
        (lambda v, r, d: v * kept(d, 0.25) / 0.75, "With a rate of 0.5"),
    ],
    "6.3": [
        (stopping(first=0), "count from 0"),
        (lambda c, p: stopping()(c, p)[::-1], "last epoch first"),
        (stopping(wait=1), "go on too long"),
        (never_stops, "never gets"),
        (stopping(wait=-1), "one epoch early"),
        (stopping(previous=True), "best so far"),
        (stopping(ties=True), "not better"),
        (lambda c, p: stopping()(c, p)[0], "two numbers"),
    ],
    "6.4": [("a", "mole"), ("b", "could have been taken"), ("d", "as many tumors")],
    "6.5": [
        (lambda: ["dropout", "patience"], "return a dict"),
        (lambda: {"dropout": 0.5}, "'patience' is missing"),
        (lambda: {"patience": 10}, "'dropout' is missing"),
        (lambda: {"dropout_rate": 0.5, "patience": 10}, "no setting 'dropout_rate'"),
        (lambda: {"dropout": 0.5, "patience": 10, "seed": 0}, "Leave the seed out"),
        (lambda: {"dropout": 0.5, "patience": 10, "l2": 0.01}, "remove 'l2'"),
        (lambda: {"dropout": 50, "patience": 10}, "not a percentage"),
        (lambda: {"dropout": 0.5, "patience": 3}, "patience is 3"),
    ],
    "6.6": [
        (best_on("test"), "best on the test patients"),
        (best_on(None), "best on the test patients"),
        (best_single_run, "best single run"),
        (whole_ranking, "one arm"),
        (lambda scores: "steady", "other names"),
    ],
    "6.7": [("a", "leaves room"), ("c", "drawing patients"), ("d", "second validation set")],
}
