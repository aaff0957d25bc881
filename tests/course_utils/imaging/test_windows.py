import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import imaging
from course_utils.imaging import Window


def test_window_limits_become_black_and_white():
    gray = imaging.apply_window([-160, 40, 240], 40, 400)
    np.testing.assert_array_equal(gray, np.float32([0, 0.5, 1]))


def test_linear_reaches_white_one_gray_level_earlier():
    np.testing.assert_array_equal(imaging.apply_window([-160, 239], 40, 400, "LINEAR"), [0, 1])


def test_linear_of_width_one_is_a_step_below_the_center():
    np.testing.assert_array_equal(imaging.apply_window([9, 9.5, 9.6], 10, 1, "LINEAR"), [0, 0, 1])


def test_sigmoid_follows_its_formula():
    gray = imaging.apply_window([40, 140], 40, 400, "SIGMOID")
    np.testing.assert_allclose(gray, [0.5, 1 / (1 + np.exp(-1))], rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(
        st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=2, max_size=20
    ),
    center=st.floats(-2000, 2000),
    width=st.floats(1, 5000),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
def test_windows_keep_order_and_stay_within_zero_and_one(values, center, width, function):
    gray = imaging.apply_window(np.sort(np.float32(values)), center, width, function)
    assert gray.dtype == np.float32
    assert gray.min() >= 0
    assert gray.max() <= 1
    assert np.all(np.diff(gray) >= 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([np.nan, 1.0], 40, 80), "1 of 2 values that are NaN or infinite"),
        (([1], 40, 0), "width above 0"),
        (([1], 40, 0.5, "LINEAR"), "LINEAR needs at least 1"),
        (([1], 40, 80, "linear"), "'LINEAR_EXACT', 'LINEAR', 'SIGMOID'"),
        (([1], "x", 80), "center is 'x'"),
        ((["a"], 40, 80), "give real numbers"),
    ],
)
def test_bad_windows_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        imaging.apply_window(*arguments)


def test_named_windows_hold_their_conventional_values():
    brain, lung = imaging.WINDOWS["brain"], imaging.WINDOWS["lung"]
    assert (brain.center, brain.width, brain.limits) == (40, 80, (0, 80))
    assert (lung.center, lung.width) == (-600, 1500)
    assert all(name == window.name for name, window in imaging.WINDOWS.items())
    with pytest.raises(ValueError, match="width above 0"):
        Window("none", 0, 0)


def test_hounsfield_units_are_slope_times_stored_plus_intercept():
    units = imaging.to_hounsfield(np.array([[0, 1000]], np.int16), 2, -1024)
    assert units.dtype == np.float32
    np.testing.assert_array_equal(units, [[-1024, 976]])
    with pytest.raises(ValueError, match="slope is 0"):
        imaging.to_hounsfield([1], 0, 0)
