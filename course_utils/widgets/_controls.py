"""Sliders, and a figure that is drawn again when one of them moves."""

import ipywidgets
import matplotlib.pyplot as plt
from IPython.display import display

WIDE = ipywidgets.Layout(width="420px")
LABEL = {"description_width": "110px"}


def slider(description, value, low, high, step=1):
    """Return a slider for integers, or for fractions where `step` is a float."""
    fractions = isinstance(step, float)
    return (ipywidgets.FloatSlider if fractions else ipywidgets.IntSlider)(
        value=value,
        min=low,
        max=high,
        step=step,
        description=description,
        continuous_update=False,
        readout_format=".3f" if fractions else "d",
        layout=WIDE,
        style=LABEL,
    )


def choice(description, options, value=None):
    """Return buttons of which one is pressed, the first by default."""
    return ipywidgets.ToggleButtons(
        options=options, value=value or options[0], description=description, style=LABEL
    )


def redrawn(draw, **controls):
    """Return the controls above a figure that `draw` makes again at each move."""
    drawing = False

    def redraw(**values):
        nonlocal drawing
        if drawing:  # `draw` has changed a control, which asks for a second figure
            return
        drawing = True
        try:
            figure = draw(**values)
        except ValueError as error:
            print(error)  # a combination that cannot be drawn, said in place of the figure
            return
        finally:
            drawing = False
        display(figure)
        plt.close(figure)

    return ipywidgets.interactive(redraw, **controls)
