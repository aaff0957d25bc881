"""Learning curves, ROC curve, confusion matrix, predictive values, and what a threshold costs.

scikit-learn's displays draw what they can; its other ones need no help from here.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, RocCurveDisplay, confusion_matrix, roc_curve

from course_utils.evaluation._checks import check_binary
from course_utils.evaluation.decisions import check_threshold
from course_utils.plotting.images import BLUE, ORANGE

POINT = {"marker": "o", "color": ORANGE, "markersize": 9, "markeredgecolor": "black", "zorder": 3}


def plot_roc(labels, probabilities, *, threshold=None, ax=None, label=None, **kwargs):
    """Draw a ROC curve with scikit-learn's display, and the point of a threshold on it.

    Parameters
    ----------
    labels, probabilities : array-like, shape (n,)
        0 or 1, and probability of class 1, 0–1.
    threshold : float or Threshold, optional
        Marked with a dot.
    label, **kwargs
        Entry in a legend; the rest goes to `matplotlib.axes.Axes.plot`.

    >>> ax = plot_roc([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], threshold=0.5)
    >>> ax.get_ylabel()
    'sensitivity'
    """
    labels, probabilities, _ = check_binary(labels, probabilities)
    ax, style = ax or plt.gca(), {"color": BLUE} | kwargs
    curve = roc_curve(labels, probabilities, drop_intermediate=False)
    ax.plot([0, 1], [0, 1], ":", color="0.6")
    RocCurveDisplay(fpr=curve[0], tpr=curve[1]).plot(ax=ax, name=label, curve_kwargs=style)
    if ax.get_legend() is not None:
        ax.get_legend().remove()
    if threshold is not None:
        y, x = _rates(labels, probabilities, threshold)
        ax.plot(x, y, **POINT)
        # Towards the side where there is room.
        place = {"xytext": (-9, 9), "ha": "right"} if x > 0.6 else {"xytext": (9, -13)}
        text = f"threshold {float(threshold):.3g}"
        ax.annotate(text, (x, y), textcoords="offset points", **place)
    limits = (-0.05, 1.05)
    ax.set(xlabel="1 − specificity", ylabel="sensitivity", xlim=limits, ylim=limits)
    return ax


def _rates(labels, probabilities, threshold):
    """Return the sensitivity and the share of false positives at a threshold."""
    called, ill = probabilities >= check_threshold(threshold), labels == 1
    return called[ill].mean(), called[~ill].mean()


def plot_confusion(labels, probabilities, threshold, *, ax=None):
    """Draw the confusion matrix: counts printed, shares of each true class as shades.

    Arguments as for `plot_roc`.

    >>> _, ax = plt.subplots()
    >>> ax = plot_confusion([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.9], 0.5, ax=ax)
    >>> [text.get_text().split() for text in ax.texts]
    [['2', '100', '%'], ['0', '0', '%'], ['1', '50', '%'], ['1', '50', '%']]
    """
    labels, probabilities, _ = check_binary(labels, probabilities)
    called = probabilities >= check_threshold(threshold)
    counts = confusion_matrix(labels, called, labels=[1, 0])
    shares = counts / counts.sum(axis=1, keepdims=True)
    display = ConfusionMatrixDisplay(shares, display_labels=["positive", "negative"])
    display.plot(ax=ax or plt.gca(), cmap="Blues", colorbar=False, im_kw={"vmin": 0, "vmax": 1})
    for text, count, share in zip(display.text_.flat, counts.flat, shares.flat, strict=True):
        text.set_text(f"{count}\n{100 * share:.0f} %")
    display.ax_.set(xlabel="called", ylabel="truth", title=f"threshold {float(threshold):.3g}")
    display.ax_.spines[:].set_visible(False)
    return display.ax_


def plot_predictive_values(sensitivity, specificity, *, prevalence, ax=None):
    """Draw both predictive values against the prevalence, by Bayes' rule, and mark one prevalence.

    All lie above 0 and below 1. Altman and Bland 1994, https://doi.org/10.1136/bmj.309.6947.102.

    >>> ax = plot_predictive_values(0.9, 0.9, prevalence=0.05)
    >>> ax.get_title()
    'prevalence 5 %: PPV 0.32, NPV 0.99'
    """

    def values(share):
        right = sensitivity * share, specificity * (1 - share)
        wrong = (1 - specificity) * (1 - share), (1 - sensitivity) * share
        return [r / (r + w) for r, w in zip(right, wrong, strict=True)]

    grid, here = np.linspace(0.005, 0.995, 199), values(prevalence)
    positive, negative = values(grid)
    ax = ax or plt.gca()
    ax.plot(grid, positive, color=BLUE, label="positive predictive value (PPV)")
    ax.plot(grid, negative, "--", color=ORANGE, label="negative predictive value (NPV)")
    ax.axvline(prevalence, linestyle=":", color="0.5")
    ax.plot([prevalence] * 2, here, "o", color="black", zorder=3)
    ax.set_title(f"prevalence {100 * prevalence:.3g} %: PPV {here[0]:.2f}, NPV {here[1]:.2f}")
    ax.set(xlabel="prevalence", ylabel="predictive value", xlim=(0, 1), ylim=(0, 1.03))
    ax.legend(frameon=False, loc="lower center")
    return ax


def plot_threshold(labels, probabilities, threshold, *, costs, prevalence=None):
    """Draw what a threshold does: confusion matrix, point on the ROC curve, and cost.

    Labels, probabilities and threshold are those of `plot_roc`, costs those of a miss and a false
    positive, above 0. The prevalence where the threshold is used is the data's own by default.

    >>> figure, axes = plot_threshold([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], 0.5, costs=(10, 1))
    >>> axes[2].get_title()
    'cost 2.75 per case'
    """
    labels, probabilities, _ = check_binary(labels, probabilities)
    share = labels.mean() if prevalence is None else prevalence

    def cost(sensitivity, false_positives):
        return share * (1 - sensitivity) * costs[0] + (1 - share) * false_positives * costs[1]

    figure, axes = plt.subplots(1, 3, figsize=(10.8, 3.4))
    plot_confusion(labels, probabilities, threshold, ax=axes[0])
    plot_roc(labels, probabilities, threshold=threshold, ax=axes[1])
    false_positives, sensitivity, values = roc_curve(labels, probabilities, drop_intermediate=False)
    # From one probability up to the next the calls, and so the cost, stay the same.
    x, y = np.r_[np.minimum(values, 1), 0], np.r_[cost(sensitivity, false_positives), cost(1, 1)]
    axes[2].step(x, y, where="post", color=BLUE)
    here = cost(*_rates(labels, probabilities, threshold))
    axes[2].plot(float(threshold), here, **POINT)
    axes[2].set(xlabel="threshold", ylabel="mean cost", xlim=(0, 1.02), ylim=(0, None))
    axes[2].set_title(f"cost {here:.2f} per case")
    return figure, axes


def plot_history(history):
    """Draw the learning curves of a training: loss and accuracy, training and validation.

    It takes what `training.fit` or ``model.fit`` returns, with ``metrics=["accuracy"]`` and
    validation data, or a dict of lists.
    """
    curves = getattr(history, "history", history)
    epochs = range(1, len(curves["loss"]) + 1)
    figure, axes = plt.subplots(1, 2, figsize=(8.5, 2.8))
    for ax, name in zip(axes, ("loss", "accuracy"), strict=True):
        ax.plot(epochs, curves[name], "-", color="0.4", label="training")
        ax.plot(epochs, curves[f"val_{name}"], "o-", color=BLUE, markersize=3, label="validation")
        ax.set(xlabel="epoch", ylabel=name)
    axes[1].set_ylim(0, 1)
    axes[0].legend(frameon=False)
    return figure, axes
