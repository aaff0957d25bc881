"""CT windows and Hounsfield units: from stored numbers to gray levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from course_utils.imaging._checks import finite_array, finite_number, one_of


@dataclass(frozen=True)
class Window:
    """A display window: `center` is shown as mid-gray, `width` spans black to white.

    Parameters
    ----------
    name : str
        What the window shows.
    center, width : float
        In the unit of the image, HU for CT. `width` is above 0.

    Examples
    --------
    >>> Window("brain", center=40, width=80)
    Window(name='brain', center=40, width=80)
    >>> Window("brain", center=40, width=80).limits
    (0.0, 80.0)
    """

    name: str
    center: float
    width: float

    def __post_init__(self) -> None:
        finite_number(self.center, "center")
        if finite_number(self.width, "width") <= 0:
            raise ValueError(f"width is {self.width}; a window needs a width above 0.")

    @property
    def limits(self) -> tuple[float, float]:
        """Values shown as black and as white, ``center -/+ width / 2``."""
        return self.center - self.width / 2, self.center + self.width / 2


WINDOWS: dict[str, Window] = {
    window.name: window
    for window in (
        Window("brain", 40, 80),
        Window("subdural", 80, 200),
        Window("stroke", 40, 40),
        Window("temporal bone", 600, 2800),
        Window("bone", 400, 1800),
        Window("lung", -600, 1500),
        Window("mediastinum", 50, 350),
        Window("soft tissue", 40, 400),
        Window("abdomen", 50, 400),
        Window("liver", 30, 150),
    )
}
"""Usual CT windows by name, in HU.

Conventions that differ a little between hospitals and vendors, not constants of nature. Values
as listed by Radiopaedia, "Windowing (CT)", https://radiopaedia.org/articles/windowing-ct. It
gives ranges for subdural (width 130-300, level 50-100) and for the soft tissues of head and
neck (350-400, 20-60), from which one value is taken here; its stroke window has a narrow
variant of width 8 at level 32.
"""

VOI_FUNCTIONS = ("LINEAR_EXACT", "LINEAR", "SIGMOID")


def apply_window(
    values: Any, center: float, width: float, function: str = "LINEAR_EXACT"
) -> np.ndarray:
    """Map `values` to gray levels from 0 (black) to 1 (white).

    Parameters
    ----------
    values : array_like
        Any shape, real and finite, in the unit of `center` and `width`.
    center, width : float
        Window in that unit. `width` is at least 1 for ``"LINEAR"``, above 0 for the others.
    function : {"LINEAR_EXACT", "LINEAR", "SIGMOID"}
        Form of the curve. ``"LINEAR_EXACT"`` runs from ``center - width / 2`` to
        ``center + width / 2``, which is what textbooks draw and what real-valued data mean; it
        is the default here. ``"LINEAR"`` is the default of DICOM itself: it counts whole gray
        levels and so runs from ``center - width / 2`` to ``center + width / 2 - 1``. The two
        differ by less than ``1 / (width - 1)``.

    Returns
    -------
    numpy.ndarray
        float32, shape of `values`, 0-1.

    Raises
    ------
    ValueError
        For NaN or infinite numbers, a width that the function does not allow, or an unknown
        function.

    Notes
    -----
    DICOM PS3.3, sections C.11.2.1.2 (LINEAR) and C.11.2.1.3 (SIGMOID, LINEAR_EXACT). The result
    equals ``pydicom.pixels.apply_windowing`` brought to 0-1. Taught in lesson 01.

    Examples
    --------
    >>> apply_window([-200, -160, 40, 240, 3000], center=40, width=400)
    array([0. , 0. , 0.5, 1. , 1. ], dtype=float32)
    >>> apply_window([0, 1, 2, 3], center=2, width=4, function="LINEAR")
    array([0.        , 0.33333334, 0.6666667 , 1.        ], dtype=float32)
    """
    one_of(function, VOI_FUNCTIONS, "function")
    center = finite_number(center, "center")
    width = finite_number(width, "width")
    if function == "LINEAR" and width < 1:
        raise ValueError(f"width is {width}; LINEAR needs at least 1. Use LINEAR_EXACT below.")
    if width <= 0:
        raise ValueError(f"width is {width}; {function} needs a width above 0.")
    if function == "LINEAR":
        center, width = center - 0.5, width - 1
    array = finite_array(values, "values")
    # float32 holds 8- and 16-bit integers exactly; wider types need float64 on the way.
    array = array.astype(np.result_type(array.dtype, np.float32), copy=False)
    if function == "SIGMOID":
        # The same curve as 1 / (1 + exp(-4 (x - c) / w)), without overflow far from the center.
        with np.errstate(over="ignore"):
            gray = 0.5 + 0.5 * np.tanh(2 * ((array - center) / width))
    elif width == 0:
        gray = array > center
    else:
        with np.errstate(over="ignore"):  # infinity is clipped like any number outside
            gray = np.clip((array - center) / width + 0.5, 0, 1)
    return np.asarray(gray, dtype=np.float32)


def to_hounsfield(stored: Any, slope: float, intercept: float) -> np.ndarray:
    """Turn the numbers stored in a CT file into Hounsfield units (HU).

    Parameters
    ----------
    stored : array_like
        Stored pixel values, any shape.
    slope, intercept : float
        The header's Rescale Slope (not 0) and Rescale Intercept.

    Returns
    -------
    numpy.ndarray
        float32, ``slope * stored + intercept``; water is 0 HU and air about -1000 HU.

    Raises
    ------
    ValueError
        For NaN or infinite numbers, or a slope of 0.

    Notes
    -----
    DICOM PS3.3, section C.11.1 (Modality LUT). Taught in lesson 01.

    Examples
    --------
    >>> to_hounsfield([0, 1024, 1064], slope=1, intercept=-1024)
    array([-1024.,     0.,    40.], dtype=float32)
    """
    slope = finite_number(slope, "slope")
    intercept = finite_number(intercept, "intercept")
    if slope == 0:
        raise ValueError("slope is 0, which would make every pixel equal; check the header.")
    array = finite_array(stored, "stored")
    return (array.astype(np.float64) * slope + intercept).astype(np.float32)
