import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import convolution
from course_utils.convolution import Layer, ReceptiveField

small = st.integers(1, 6)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((5, 3), 3),
        ((5, 5), 1),
        ((6, 3, 2), 2),
        ((7, 3, 2), 3),
        ((7, 3, 2, "same"), 4),
        ((9, 3, 1, "valid", 3), 3),
        ((2, 5, 1, "same"), 2),
    ],
)
def test_output_sizes_counted_by_hand(arguments, expected):
    assert convolution.output_size(*arguments) == expected


@given(st.integers(1, 30), small, small, st.sampled_from(["valid", "same"]), small)
def test_the_last_window_fits_and_another_would_not(size, kernel, stride, padding, dilation):
    span = (kernel - 1) * dilation + 1
    if padding == "valid" and span > size:
        with pytest.raises(ValueError, match=f"up to {size} pixels"):
            convolution.output_size(size, kernel, stride, padding, dilation)
        return
    positions = convolution.output_size(size, kernel, stride, padding, dilation)
    before, after = convolution.padding_amounts(size, kernel, stride, padding, dilation)
    starts = range(0, before + size + after - span + 1, stride)
    assert len(starts) == positions
    assert 0 <= after - before <= 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((5, 3), (0, 0)),
        ((5, 3, 1, "same"), (1, 1)),
        ((5, 2, 1, "same"), (0, 1)),
        ((6, 3, 2, "same"), (0, 1)),
        ((7, 3, 2, "same"), (1, 1)),
        ((9, 1, 4, "same"), (0, 0)),
        ((8, 3, 1, "same", 2), (2, 2)),
    ],
)
def test_padding_worked_out_by_hand(arguments, expected):
    assert convolution.padding_amounts(*arguments) == expected


def test_receptive_fields_worked_out_by_hand():
    layers = [Layer(3, padding=1), Layer(2, stride=2), (3, 1, 2), Layer(3, padding=1)]
    assert convolution.receptive_field(layers) == [
        ReceptiveField(size=3, jump=1, start=-1),
        ReceptiveField(size=4, jump=2, start=-1),
        ReceptiveField(size=12, jump=2, start=-1),
        ReceptiveField(size=16, jump=2, start=-3),
    ]


def test_the_receptive_field_holds_the_pixels_that_get_a_gradient():
    layers = [(3, 2, 1), (2, 1, 3), (3, 2, 1)]
    shapes = [np.ones((1, 40, 1, 1))]
    for kernel, stride, dilation in layers:
        shapes.append(
            convolution.correlate2d(
                shapes[-1], np.ones((kernel, 1, 1, 1)), stride=stride, dilation=dilation
            )
        )
    gradient = np.zeros_like(shapes[-1])
    gradient[0, 2] = 1
    for (kernel, stride, dilation), inputs in zip(layers[::-1], shapes[-2::-1], strict=True):
        gradient = convolution.correlate2d_gradients(
            inputs, np.ones((kernel, 1, 1, 1)), gradient, stride=stride, dilation=dilation
        ).images
    reached = np.flatnonzero(gradient)
    field = convolution.receptive_field(layers)[-1]
    assert field.pixels(2) == (reached.min(), reached.max())


def test_parameters_of_the_first_network_of_lesson_04():
    layers = [(3, 3, 3, 32), (3, 3, 32, 64), (54 * 54 * 64, 128), (128, 1)]
    counted = [convolution.count_parameters(shape) for shape in layers]
    assert counted == [896, 18_496, 23_888_000, 129]
    assert convolution.count_parameters((3, 3, 3, 32), bias=False) == 864


def test_operations_are_weights_times_positions():
    assert convolution.count_operations((3, 3, 2, 4), output=(5, 6)) == 72 * 30
    assert convolution.count_operations((10, 3)) == 30
