"""What simulated images are worth for real ones: training on the one, testing on the other.

Arms, each over several seeds with the same network, augmentation and number of updates:

- ``simulated only``: trained on simulated training images, tried on real ones as it is;
- ``real only``: trained on real images of four folds, tried on the fifth;
- ``simulated then real``: trained on simulated images first, then like ``real only``;
- ``shuffled then real``: the control, whose simulated images carry shuffled labels.

The last three use 50, 100 and all real images of the four folds, the same for every arm. Folds
never divide a group (near-duplicates, or a lesion). AUCs of models trained in folds compare
images of one fold only. For skin a lesion's images count once, by their mean; a second table
counts images. Rules without a network: for breast, a dark center over the mean of the image, its
sign known from the literature; for skin, logistic regression on sixteen color features,
cross-validated over the same folds, and age alone.

The learning rate of each arm was chosen from the same three on one further seed (`tune`).
"""

from dataclasses import dataclass, replace

import numpy as np

from authoring.studies import image_features as features
from authoring.studies import likeness
from authoring.studies.group_bootstrap import GroupedAUC
from authoring.studies.small_networks import Trainer

SIZES = (50, 100, None)
RATES = (1e-3, 2e-3, 4e-3)
TUNING_SEED = 1000
ARMS = ("real only", "simulated then real", "shuffled then real")


@dataclass(frozen=True)
class Budget:
    """Updates on simulated and on real images, and the learning rate of each arm."""

    simulated: int
    real: int
    size: int
    turn: bool
    rates: dict

    def quick(self):
        """Return a budget for trying the script out."""
        return Budget(4, 3, self.size, self.turn, self.rates)


_SAME = {"simulated only": 2e-3, **dict.fromkeys(ARMS, 2e-3)}
BUDGETS = {
    "breast_ultrasound": Budget(1500, 300, 28, False, _SAME | {"real only": 1e-3}),
    "skin_lesions": Budget(1000, 150, 48, True, _SAME),
}


def choose_images(rng, labels, groups, candidates, count):
    """Choose `count` of the candidate images, whole groups first, classes in proportion.

    Returns positions; all candidates where there are no more than `count`.
    """
    if count is None or count >= len(candidates):
        return candidates
    names, of_image = np.unique(groups[candidates], return_inverse=True)
    place = rng.permutation(len(names))[of_image]
    ordered = candidates[np.argsort(place, kind="stable")]
    positive = ordered[labels[ordered] == 1]
    negative = ordered[labels[ordered] == 0]
    share = round(count * len(positive) / len(ordered))
    share = min(max(share, 1), len(positive), count - 1)
    return np.concatenate([positive[:share], negative[: count - share]])


class Transfer:
    """The networks of one set: pretrained once per seed, then trained on real images."""

    def __init__(self, real, simulated, budget):
        self.real, self.simulated, self.budget = real, simulated, budget
        self.folds = likeness.assign_folds(real.labels, real.groups)
        shape, turn = real.images.shape[1:], budget.turn
        rate = budget.rates["simulated only"]
        self.first = Trainer(shape, budget.simulated, rate, turn)
        self.second = {r: Trainer(shape, budget.real, r, turn) for r in set(budget.rates.values())}

    def pretrain(self, seed):
        """Return weights trained on simulated images, with true and with shuffled labels."""
        made = self.simulated
        shuffled = np.random.default_rng(seed).permutation(made.labels)
        return {
            name: self.first.fit(made.images, labels, seed, weights=made.weights)
            for name, labels in (("true", made.labels), ("shuffled", shuffled))
        }

    def train_real(self, arm, count, seed, start):
        """Return held-out scores of all real images, each from the fold it was left out of."""
        trainer = self.second[self.budget.rates[arm]]
        real, scores = self.real, np.zeros(len(self.real))
        for fold in range(self.folds.max() + 1):
            rng = np.random.default_rng([seed, fold])
            rest = np.flatnonzero(self.folds != fold)
            chosen = choose_images(rng, real.labels, real.groups, rest, count)
            weights = trainer.fit(
                real.images[chosen], real.labels[chosen], seed * 10 + fold, start=start
            )
            scores[self.folds == fold] = trainer.predict(real.images[self.folds == fold], weights)
        return scores

    def run(self, seeds, sizes=SIZES):
        """Return scores (seeds, n) by arm and number of real images."""
        found = {}
        for seed in seeds:
            starts = self.pretrain(seed)
            scores = self.first.predict(self.real.images, starts["true"])
            found.setdefault(("simulated only", 0), []).append(scores)
            for count in sizes:
                for arm, key in zip(ARMS, (None, "true", "shuffled"), strict=True):
                    scores = self.train_real(arm, count, seed, starts.get(key))
                    found.setdefault((arm, count), []).append(scores)
            print(f"  seed {seed} done", flush=True)
        return {key: np.array(values) for key, values in found.items()}


def rules(name, real, folds):
    """Return scores of the rules without a network, by name, and whether they need folds."""
    if name == "breast_ultrasound":
        ratio = np.array([features.center_ratio(i) for i in real.images])
        mean = real.images.mean(axis=(1, 2, 3))
        return {"dark center over image mean": (-ratio, False), "dark image": (-mean, False)}
    colors = np.array([features.sixteen_colors(i) for i in real.images])
    scores = likeness.linear_scores(colors, real.labels, folds)
    found = {"sixteen colors, logistic regression": (scores, True)}
    if real.age is not None and np.isfinite(real.age).any():
        age = np.where(np.isfinite(real.age), real.age, np.nanmedian(real.age))
        found["age alone"] = (age, False)
    return found


def by_image(real, folds):
    """Return labels, groups and folds of the images, and a function that keeps scores."""
    return real.labels, real.groups, folds, np.asarray


def by_group(real, folds):
    """Return labels, groups and folds of the groups, and a function that averages scores."""
    names, first, of_image = np.unique(real.groups, return_index=True, return_inverse=True)
    counts = np.bincount(of_image)

    def average(scores):
        sums = [np.bincount(of_image, row) / counts for row in np.atleast_2d(scores)]
        return np.array(sums) if np.ndim(scores) == 2 else sums[0]

    return real.labels[first], names, folds[first], average


def summarize(name, real, folds, found):
    """Return the table's rows: the AUC of every arm and rule, and paired differences.

    Lesions are scored as a whole, and once more image by image; near-duplicates as the images
    that they are. Intervals draw groups in each case.
    """
    units = {"image": by_image}
    if name == "skin_lesions":
        units = {"lesion": by_group, "image": by_image}
    return [
        {"unit": unit, **line}
        for unit, split in units.items()
        for line in _summarize_units(rules(name, real, folds), found, *split(real, folds))
    ]


def _summarize_units(simple, found, labels, groups, unit_folds, average):
    everywhere = GroupedAUC(labels, groups)
    within = GroupedAUC(labels, groups, unit_folds)
    scores = {key: average(values) for key, values in found.items()}
    alone = scores["simulated only", 0]
    rows = [_row("AUC", "simulated only", 0, everywhere.auc(alone))]
    for rule, (values, folded) in simple.items():
        compare, values = within if folded else everywhere, average(values)
        rows.append(_row("AUC", rule, 0, compare.auc(values)))
        difference = compare.difference(alone, values)
        rows.append(_row("difference", f"simulated only - {rule}", 0, difference))
    for count in dict.fromkeys(count for _, count in scores if count != 0):
        rows += [_row("AUC", arm, count, within.auc(scores[arm, count])) for arm in ARMS]
        gained = scores["simulated then real", count]
        for other in ("real only", "shuffled then real"):
            difference = within.difference(gained, scores[other, count])
            rows.append(_row("difference", f"simulated then real - {other}", count, difference))
    return rows


def _row(kind, what, count, estimate):
    return {
        "measure": kind,
        "what": what,
        "real_images": "all" if count is None else count,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "seed_sd": estimate.spread_over_runs,
    }


def run(name, real, simulated, seeds, budget):
    """Return the rows of the transfer table of one set."""
    task = Transfer(real, simulated, budget)
    return summarize(name, real, task.folds, task.run(range(seeds)))


def tune(name, real, simulated):
    """Print the AUC of each arm at 100 real images with each rate, on a seed used only here."""
    for rate in RATES:
        budget = replace(BUDGETS[name], rates=dict.fromkeys(("simulated only", *ARMS), rate))
        task = Transfer(real, simulated, budget)
        for line in summarize(name, real, task.folds, task.run([TUNING_SEED], (100,))):
            if line["measure"] == "AUC" and line["what"] in budget.rates:
                print(f"  rate {rate:g}, {line['what']}: AUC {line['value']:.3f}")
