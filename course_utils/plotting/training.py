"""Learning curves."""

import matplotlib.pyplot as plt

from course_utils.plotting.style import BLUE


def plot_history(history):
    """Draw the learning curves of a training: loss and accuracy, training and validation.

    Parameters
    ----------
    history : keras.callbacks.History or dict of str to list
        What ``model.fit`` returns with ``metrics=["accuracy"]`` and ``validation_data``.
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
