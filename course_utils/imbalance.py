"""Remedies for rare classes: weights, resampling, focal loss, a moved threshold, and their undoing.

All remedies but the last two tell the network that positives are more common than they are, so
that its probabilities come out too high; `correct_probabilities` brings them back, and
`moved_threshold` does the same to a threshold. None of it touches validation or test data.
Taught in lesson 07.
"""

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.utils.class_weight import compute_class_weight

from course_utils._checks import check_seed, refuse
from course_utils.evaluation import shift_prevalence
from course_utils.evaluation._checks import check_fraction, check_groups


def class_weights(labels, prevalence=None):
    """Weight of each class in the loss, for ``model.fit(class_weight=...)``.

    Parameters
    ----------
    labels : integer array-like, shape (n,)
        Classes of the training images.
    prevalence : float, optional
        For two classes, 0 and 1: the share of the total weight that class 1 is to have, above 0
        and below 1. Default: all classes get equal shares ("balanced").

    Returns
    -------
    weights : dict of int to float
        The mean weight of an image is 1, so that the loss keeps its scale.

    Raises
    ------
    ValueError
        One class only, no label, labels that are no integers, or a prevalence out of range or
        for more than two classes.

    Notes
    -----
    scikit-learn's `compute_class_weight`. Weights act like resampling, on average: see
    `effective_prevalence` and `correct_probabilities`.

    Examples
    --------
    >>> class_weights([0, 0, 0, 1])
    {0: 0.6666666666666666, 1: 2.0}
    """
    labels, classes = _check_labels(labels)
    if prevalence is None:
        weights = compute_class_weight("balanced", classes=classes, y=labels)
    else:
        shares, counts = _shares(classes, prevalence), _counts(labels, classes)
        weights = shares * len(labels) / counts
    return dict(zip(classes.tolist(), weights.tolist(), strict=True))


def effective_prevalence(labels, weights=None):
    """Share of class 1 that a network sees in training, after resampling and class weights.

    Parameters
    ----------
    labels : integer array-like, shape (n,)
        0 or 1, of the images it was trained on (after resampling).
    weights : dict of int to float, optional
        Class weights.

    Returns
    -------
    prevalence : float
        Above 0 and below 1; the ``trained`` of `correct_probabilities`.

    Raises
    ------
    ValueError
        Labels other than 0 and 1, one class only, or weights that are missing or not above 0.

    Examples
    --------
    >>> effective_prevalence([0, 0, 0, 1], class_weights([0, 0, 0, 1]))
    0.5
    """
    labels, classes = _check_labels(labels)
    _only_two(classes)
    weights = {0: 1, 1: 1} if weights is None else weights
    if set(weights) != {0, 1} or not all(0 < w < np.inf for w in weights.values()):
        refuse("weights", weights, "a weight above 0 for 0 and for 1", "See class_weights.")
    mass = _counts(labels, classes) * [weights[0], weights[1]]
    return float(mass[1] / mass.sum())


def oversample(labels, groups=None, *, prevalence=None, splits=None, seed=0):
    """Draw groups of rare classes again, whole, until the classes have the wanted shares.

    Parameters
    ----------
    labels : integer array-like, shape (n,)
        Classes of the **training** images.
    groups : array-like, shape (n,), optional
        Group of each image. Default: each image is its own.
    prevalence : float, optional
        For two classes: the share of groups that class 1 is to have. Default: equal shares.
    splits : array-like, shape (n,), optional
        Official split of each image; anything but "train" is refused.
    seed : int, optional

    Returns
    -------
    positions : ndarray, int64
        Positions of images, every image at least once: ``train.select(positions)``.

    Raises
    ------
    ValueError
        One class only, a group with two labels, images of other splits, a prevalence out of
        range, or wrong lengths.

    Notes
    -----
    imbalanced-learn's `RandomOverSampler`, over groups. Copies make patients no more numerous: an
    interval must never be computed over them.

    Examples
    --------
    >>> oversample([0, 0, 0, 0, 1, 1], list("AABCDD"))
    array([0, 1, 2, 3, 4, 5, 4, 5, 4, 5])
    """
    return _resample(RandomOverSampler, np.max, labels, groups, prevalence, splits, seed)


def undersample(labels, groups=None, *, prevalence=None, splits=None, seed=0):
    """Leave out groups of common classes, drawn at random, until the classes have wanted shares.

    Parameters
    ----------
    labels, groups, prevalence, splits, seed
        As for `oversample`.

    Returns
    -------
    positions : ndarray, int64
        Positions of the images that stay.

    Raises
    ------
    ValueError
        As for `oversample`.

    Notes
    -----
    imbalanced-learn's `RandomUnderSampler`, over groups.

    Examples
    --------
    >>> undersample([0, 0, 0, 0, 1, 1], list("AABCDD"))
    array([3, 4, 5])
    """
    return _resample(RandomUnderSampler, np.min, labels, groups, prevalence, splits, seed)


def _resample(sampler, extreme, labels, groups, prevalence, splits, seed):
    check_seed(seed)
    labels, classes = _check_labels(labels)
    if splits is not None:
        splits = np.asarray(splits)
        if splits.shape != labels.shape or not (splits == "train").all():
            received = f"{splits.shape} with {np.unique(splits)[:4].tolist()}"
            refuse("splits", received, f"{labels.shape}, all 'train'", "Resample training only.")
    group_of_row, class_of_group = check_groups(groups, labels)
    counts, shares = _counts(class_of_group, classes), _shares(classes, prevalence)
    total = extreme(counts / shares)
    wanted = np.maximum(1, np.round(total * shares)).astype(int)
    strategy = dict(zip(classes.tolist(), wanted.tolist(), strict=True))
    drawer = sampler(sampling_strategy=strategy, random_state=int(seed))
    drawer.fit_resample(np.zeros((len(class_of_group), 1)), class_of_group)
    by_group = np.argsort(group_of_row, kind="stable")
    rows_of_group = np.split(by_group, np.cumsum(np.bincount(group_of_row))[:-1])
    return np.concatenate([rows_of_group[group] for group in drawer.sample_indices_])


def focal_loss(gamma=2.0, alpha=None):
    """Cross-entropy that counts easy images less, for ``model.compile(loss=...)``.

    Parameters
    ----------
    gamma : float, optional
        From 0. An image whose true class has probability p counts (1 − p)**gamma; 0 is plain
        cross-entropy.
    alpha : float, optional
        Weight of class 1, above 0 and below 1; class 0 gets 1 − alpha. Default: no class weights.

    Returns
    -------
    loss : keras.losses.BinaryFocalCrossentropy

    Raises
    ------
    ValueError
        A negative gamma or an alpha out of range.

    Notes
    -----
    Lin and others 2017, https://doi.org/10.1109/ICCV.2017.324. Keras ignores its ``alpha=0.25``
    unless ``apply_class_balancing=True``, and then weighs class **1** with 0.25, less than class
    0: the authors found that best together with gamma 2, which already holds back the many easy
    negatives. The loss is not minimal at the true probability, so recalibrate on validation data
    (`evaluation.fit_temperature`). Taught in lesson 07.

    Examples
    --------
    ``model.compile(optimizer="adam", loss=focal_loss(gamma=2))``
    """
    if not isinstance(gamma, (int, float)) or isinstance(gamma, bool) or not 0 <= gamma < np.inf:
        refuse("gamma", repr(gamma), "a number from 0", "2 is the authors' choice.")
    alpha = None if alpha is None else check_fraction("alpha", alpha)
    from course_utils._tensorflow import keras

    balancing = {} if alpha is None else {"apply_class_balancing": True, "alpha": alpha}
    return keras.losses.BinaryFocalCrossentropy(gamma=float(gamma), **balancing)


def correct_probabilities(probabilities, trained, prevalence):
    """Bring probabilities back from the prevalence that training pretended to the natural one.

    Parameters
    ----------
    probabilities : array-like, shape (n,) or (n, classes)
        Of class 1, or of every class, 0–1, from a network trained with resampling or weights.
    trained : float or array-like, shape (classes,)
        Prevalence that the network saw (`effective_prevalence`), or the shares of all classes.
    prevalence : float or array-like, shape (classes,)
        Prevalence where the network is used.

    Returns
    -------
    probabilities : ndarray, the same shape, float64

    Raises
    ------
    ValueError
        As for `evaluation.shift_prevalence`.

    Notes
    -----
    Prior shift, `evaluation.shift_prevalence`: the odds times (new odds / old odds), Saerens and
    others 2002, https://doi.org/10.1162/089976602753284446. Why it is needed: van den Goorbergh
    and others 2022, https://doi.org/10.1093/jamia/ocac093.

    Examples
    --------
    >>> correct_probabilities([0.5, 0.9], trained=0.5, prevalence=0.05).round(3)
    array([0.05 , 0.321])
    """
    return shift_prevalence(probabilities, trained, prevalence)


def moved_threshold(threshold, trained, prevalence):
    """Return the threshold for uncorrected probabilities that equals one for corrected ones.

    Parameters
    ----------
    threshold : float
        For probabilities that hold at `prevalence`, above 0 and below 1.
    trained, prevalence : float
        As for `correct_probabilities`.

    Returns
    -------
    threshold : float

    Raises
    ------
    ValueError
        Values that are not above 0 and below 1.

    Notes
    -----
    The inverse of `correct_probabilities`: moving the threshold and correcting the probabilities
    make the same calls.

    Examples
    --------
    >>> round(moved_threshold(0.05, trained=0.5, prevalence=0.05), 3)
    0.5
    """
    threshold = check_fraction("threshold", threshold)
    return float(shift_prevalence([threshold], prevalence, trained)[0])


def cost_threshold(miss, false_alarm):
    """Return the threshold of least expected cost for probabilities that are right.

    Parameters
    ----------
    miss, false_alarm : float
        Costs above 0 in any one unit.

    Returns
    -------
    threshold : float
        false_alarm / (miss + false_alarm).

    Raises
    ------
    ValueError
        Costs that are not above 0.

    Notes
    -----
    For probabilities that are not right, choose by costs on validation data
    (`evaluation.choose_threshold`).

    Examples
    --------
    >>> cost_threshold(miss=9, false_alarm=1)
    0.1
    """
    for name, cost in (("miss", miss), ("false_alarm", false_alarm)):
        if not isinstance(cost, (int, float)) or isinstance(cost, bool) or not 0 < cost < np.inf:
            refuse(name, repr(cost), "a number above 0", "Only the ratio of the costs matters.")
    return false_alarm / (miss + false_alarm)


def _check_labels(labels):
    labels = np.asarray(labels)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "iu":
        received = f"shape {labels.shape}, dtype {labels.dtype}"
        refuse("labels", received, "integers of shape (n,), n at least 1", "Give one per image.")
    classes = np.unique(labels)
    if len(classes) < 2:
        refuse("labels", f"only class {classes[0]}", "at least two classes", "Nothing is rare.")
    return labels, classes


def _only_two(classes):
    if classes.tolist() != [0, 1]:
        refuse("labels", classes.tolist(), "0 and 1 for a prevalence", "Leave prevalence out.")


def _shares(classes, prevalence):
    if prevalence is None:
        return np.full(len(classes), 1 / len(classes))
    _only_two(classes)
    prevalence = check_fraction("prevalence", prevalence)
    return np.array([1 - prevalence, prevalence])


def _counts(labels, classes):
    return np.array([np.sum(labels == c) for c in classes])
