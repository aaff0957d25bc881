"""ROC, precision–recall, calibration and decision curves, and the confusion matrix."""

import matplotlib.pyplot as plt
import numpy as np

from course_utils import evaluation
from course_utils.plotting.style import BLUE, ORANGE


def plot_roc(labels, probabilities, *, weights=None, threshold=None, ax=None, label=None, **kwargs):
    """Draw a ROC curve, and the point of a threshold on it.

    Parameters
    ----------
    labels : array-like, shape (n,)
        0 or 1.
    probabilities : array-like, shape (n,)
        Probability of class 1, 0–1.
    weights : array-like, shape (n,), optional
        How many cases of the population each row stands for.
    threshold : float or Threshold, optional
        Marked with a dot.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Default: the current Axes.
    label : str, optional
        Entry in a legend.
    **kwargs
        Passed to `matplotlib.axes.Axes.plot`.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ValueError
        As for `evaluation.roc_curve`.

    Notes
    -----
    Taught in lesson 05.

    Examples
    --------
    >>> ax = plot_roc([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], threshold=0.5)
    >>> ax.get_ylabel()
    'sensitivity'
    """
    curve = evaluation.roc_curve(labels, probabilities, weights=weights)
    ax = ax or plt.gca()
    style = {"color": BLUE} | kwargs
    ax.plot([0, 1], [0, 1], ":", color="0.6")
    ax.plot(1 - curve["specificity"], curve["sensitivity"], label=label, **style)
    if threshold is not None:
        counts = evaluation.confusion_counts(labels, probabilities, threshold, weights=weights)
        _dot(ax, 1 - counts.specificity, counts.sensitivity, threshold)
    ax.set(xlabel="1 − specificity", ylabel="sensitivity", aspect="equal")
    return ax


def plot_precision_recall(
    labels, probabilities, *, weights=None, threshold=None, ax=None, label=None, **kwargs
):
    """Draw a precision–recall curve as steps, with the prevalence, which guessing reaches.

    Parameters
    ----------
    labels, probabilities, weights, threshold, ax, label, **kwargs
        As for `plot_roc`. The weights decide the prevalence (`evaluation.prevalence_weights`).

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ValueError
        As for `evaluation.precision_recall_curve`.

    Notes
    -----
    Taught in lesson 07. Steps, because between two points no straight line is attainable.

    Examples
    --------
    >>> ax = plot_precision_recall([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9])
    >>> ax.get_ylabel()
    'precision'
    """
    curve = evaluation.precision_recall_curve(labels, probabilities, weights=weights)
    ax = ax or plt.gca()
    style = {"color": BLUE} | kwargs
    # From the highest threshold on; the first point reaches back to recall 0.
    recall, precision = (curve[name].to_numpy()[::-1] for name in ("recall", "precision"))
    ax.axhline(precision[-1], linestyle=":", color="0.6")
    ax.step(np.r_[0, recall], np.r_[precision[0], precision], where="pre", label=label, **style)
    if threshold is not None:
        counts = evaluation.confusion_counts(labels, probabilities, threshold, weights=weights)
        called = counts.true_positives + counts.false_positives
        if called:
            _dot(ax, counts.sensitivity, counts.true_positives / called, threshold)
    ax.set(xlabel="recall (sensitivity)", ylabel="precision", xlim=(-0.02, 1.02), ylim=(0, 1.05))
    return ax


def _dot(ax, x, y, threshold):
    ax.plot(x, y, "o", color=ORANGE, markersize=9, markeredgecolor="black", zorder=3)
    # Towards the side where there is room.
    place = {"xytext": (-9, 9), "ha": "right"} if x > 0.6 else {"xytext": (9, -13)}
    ax.annotate(f"threshold {float(threshold):.2f}", (x, y), textcoords="offset points", **place)


def plot_calibration(
    labels, probabilities, *, n_bins=10, strategy="quantile", weights=None, ax=None, label=None
):
    """Draw observed shares of positives against mean probabilities, with Wilson intervals.

    Parameters
    ----------
    labels, probabilities, weights, ax, label
        As for `plot_roc`, one row per group. With weights no intervals are drawn.
    n_bins, strategy : optional
        As for `evaluation.calibration_curve`.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ValueError
        As for `evaluation.calibration_curve`.

    Notes
    -----
    Below the diagonal, probabilities are too high. Taught in lesson 07.

    Examples
    --------
    >>> ax = plot_calibration([0, 0, 0, 1], [0.1, 0.1, 0.7, 0.9], n_bins=2)
    >>> ax.get_ylabel()
    'share of positives'
    """
    curve = evaluation.calibration_curve(
        labels, probabilities, n_bins, strategy=strategy, weights=weights
    )
    ax = ax or plt.gca()
    x, y = curve["mean_probability"], curve["observed"]
    ax.plot([0, 1], [0, 1], ":", color="0.6")
    if "low" in curve:
        ax.vlines(x, curve["low"], curve["high"], color=BLUE, linewidth=1)
    ax.plot(x, y, "o-", color=BLUE, markersize=5, label=label)
    limits = (-0.02, 1.02)
    ax.set(xlabel="mean probability", ylabel="share of positives", xlim=limits, ylim=limits)
    ax.set_aspect("equal")
    return ax


def plot_decision_curve(
    labels, probabilities, thresholds=None, *, prevalence=None, weights=None, ax=None, label="model"
):
    """Draw the net benefit of the model, of treating all and of treating none, by threshold.

    Parameters
    ----------
    labels, probabilities, weights, ax, label
        As for `plot_roc`.
    thresholds, prevalence : optional
        As for `evaluation.decision_curve`.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ValueError
        As for `evaluation.decision_curve`.

    Notes
    -----
    Taught in lesson 08. The vertical axis ends a little below 0: harm is harm.

    Examples
    --------
    >>> _, ax = plt.subplots()
    >>> ax = plot_decision_curve([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], ax=ax)
    >>> [line.get_label() for line in ax.lines]
    ['treat all', 'treat none', 'model']
    """
    curve = evaluation.decision_curve(
        labels, probabilities, thresholds, prevalence=prevalence, weights=weights
    )
    ax = ax or plt.gca()
    ax.plot(curve["threshold"], curve["treat_all"], "--", color="0.5", label="treat all")
    ax.plot(curve["threshold"], curve["treat_none"], ":", color="0.3", label="treat none")
    ax.plot(curve["threshold"], curve["model"], color=BLUE, label=label)
    top = max(curve["model"].max(), curve["treat_all"].max(), 0.01)
    ax.set(xlabel="threshold probability", ylabel="net benefit", ylim=(-0.2 * top, 1.1 * top))
    ax.legend(frameon=False)
    return ax


def plot_confusion(labels, probabilities, threshold, *, ax=None):
    """Draw the confusion matrix: counts printed, shares of each true class as shades.

    Parameters
    ----------
    labels, probabilities, ax
        As for `plot_roc`.
    threshold : float or Threshold

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ValueError
        As for `evaluation.confusion_counts`.

    Notes
    -----
    Taught in lesson 05.

    Examples
    --------
    >>> _, ax = plt.subplots()
    >>> ax = plot_confusion([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.9], 0.5, ax=ax)
    >>> [text.get_text().split() for text in ax.texts]
    [['2', '100', '%'], ['0', '0', '%'], ['1', '50', '%'], ['1', '50', '%']]
    """
    counts = evaluation.confusion_counts(labels, probabilities, threshold)
    cells = counts.table().to_numpy()
    shares = cells / cells.sum(axis=1, keepdims=True)
    ax = ax or plt.gca()
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        text = f"{cells[row, column]:.0f}\n{100 * share:.0f} %"
        color = "white" if share > 0.6 else "black"
        ax.text(column, row, text, ha="center", va="center", color=color)
    names = ["positive", "negative"]
    ax.set(xlabel="called", ylabel="truth", xticks=[0, 1], yticks=[0, 1])
    ax.set(xticklabels=names, yticklabels=names, title=f"threshold {float(threshold):.2f}")
    ax.spines[:].set_visible(False)
    return ax


def plot_predictive_values(sensitivity, specificity, *, prevalence=None, ax=None):
    """Draw both predictive values against the prevalence, and mark one prevalence.

    Parameters
    ----------
    sensitivity, specificity : float
        0–1.
    prevalence : float, optional
        Marked, with its two values. Above 0 and below 1.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ValueError
        As for `evaluation.predictive_values`.

    Notes
    -----
    Taught in lesson 05.

    Examples
    --------
    >>> ax = plot_predictive_values(0.9, 0.9, prevalence=0.05)
    >>> ax.get_title()
    'prevalence 5 %: PPV 0.32, NPV 0.99'
    """
    grid = np.linspace(0.005, 0.995, 199)
    values = [evaluation.predictive_values(sensitivity, specificity, p) for p in grid.tolist()]
    positive, negative = np.transpose(values)
    ax = ax or plt.gca()
    ax.plot(grid, positive, color=BLUE, label="positive predictive value (PPV)")
    ax.plot(grid, negative, "--", color=ORANGE, label="negative predictive value (NPV)")
    if prevalence is not None:
        both = evaluation.predictive_values(sensitivity, specificity, prevalence)
        ax.axvline(prevalence, linestyle=":", color="0.5")
        ax.plot([prevalence] * 2, both, "o", color="black", zorder=3)
        ax.set_title(f"prevalence {100 * prevalence:.3g} %: PPV {both[0]:.2f}, NPV {both[1]:.2f}")
    ax.set(xlabel="prevalence", ylabel="predictive value", xlim=(0, 1), ylim=(0, 1.03))
    ax.legend(frameon=False, loc="lower center")
    return ax


def plot_threshold(labels, probabilities, threshold, *, costs=None, prevalence=None):
    """Draw what a threshold does: confusion matrix, point on the ROC curve, and cost.

    Parameters
    ----------
    labels, probabilities : array-like, shape (n,)
        As for `plot_roc`.
    threshold : float or Threshold
    costs : (float, float), optional
        Cost of a miss and of a false alarm, above 0. Adds the mean cost per case by threshold.
    prevalence : float, optional
        For the costs: share of positives where the threshold is used. Default: the data's own.

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, ndarray of two or three Axes

    Raises
    ------
    ValueError
        As for `evaluation.confusion_counts`.

    Notes
    -----
    Taught in lesson 05; `widgets.threshold_explorer` makes it move.

    Examples
    --------
    >>> figure, axes = plot_threshold([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], 0.5, costs=(10, 1))
    >>> axes[2].get_title()
    'cost 2.75 per case'
    """
    count = 2 if costs is None else 3
    figure, axes = plt.subplots(1, count, figsize=(3.6 * count, 3.4))
    plot_confusion(labels, probabilities, threshold, ax=axes[0])
    plot_roc(labels, probabilities, threshold=threshold, ax=axes[1])
    if costs is not None:
        _draw_costs(axes[2], labels, probabilities, threshold, costs, prevalence)
    return figure, axes


def _draw_costs(ax, labels, probabilities, threshold, costs, prevalence):
    share = np.mean(labels) if prevalence is None else prevalence

    def cost(sensitivity, specificity):
        misses, alarms = share * (1 - sensitivity), (1 - share) * (1 - specificity)
        return misses * costs[0] + alarms * costs[1]

    curve = evaluation.roc_curve(labels, probabilities)
    costs_on_curve = cost(curve["sensitivity"], curve["specificity"])
    here = evaluation.confusion_counts(labels, probabilities, threshold)
    cost_here = cost(here.sensitivity, here.specificity)
    # From one probability up to the next the calls, and so the cost, stay the same.
    x, y = np.r_[np.minimum(curve["threshold"], 1), 0], np.r_[costs_on_curve, cost(1, 0)]
    ax.step(x, y, where="post", color=BLUE)
    ax.plot(float(threshold), cost_here, "o", color=ORANGE, markersize=9, markeredgecolor="black")
    ax.set(xlabel="threshold", ylabel="mean cost", xlim=(0, 1.02), ylim=(0, None))
    ax.set_title(f"cost {cost_here:.2f} per case")


def plot_report(report):
    """Draw a report: ROC, precision–recall and calibration curve, and decision curve.

    Parameters
    ----------
    report : evaluation.Report

    Returns
    -------
    figure, axes : matplotlib.figure.Figure, ndarray of four Axes

    Examples
    --------
    >>> report = evaluation.report([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], n_resamples=100)
    >>> figure, axes = plot_report(report)
    >>> axes.shape
    (4,)
    """
    data = (report.labels, report.probabilities)
    figure, axes = plt.subplots(1, 4, figsize=(14.5, 3.4))
    plot_roc(*data, threshold=report.threshold, ax=axes[0])
    given = {"weights": report.weights, "threshold": report.threshold}
    plot_precision_recall(*data, **given, ax=axes[1])
    natural = np.isclose(report.prevalence, report.labels.mean())
    plot_calibration(*data, weights=None if natural else report.weights, ax=axes[2])
    plot_decision_curve(*data, prevalence=report.prevalence, ax=axes[3])
    return figure, axes
