"""Sliders, and a figure that is drawn again when one of them moves."""

import ipywidgets
import matplotlib.pyplot as plt
from IPython.display import display

WIDE = ipywidgets.Layout(width="420px")
LABEL = {"description_width": "110px"}


def slider(description, value, low, high, step=1):
    return ipywidgets.IntSlider(
        value=value,
        min=low,
        max=high,
        step=step,
        description=description,
        continuous_update=False,
        layout=WIDE,
        style=LABEL,
    )


def redrawn(draw, **controls):
    """Return the controls above a figure that `draw` makes again at each move."""

    def redraw(**values):
        try:
            figure = draw(**values)
        except ValueError as error:
            print(error)  # a combination that cannot be drawn, said in place of the figure
            return
        display(figure)
        plt.close(figure)

    return ipywidgets.interactive(redraw, **controls)
