import numpy as np
import pytest

from course_utils import imaging


def test_percentiles_become_zero_and_one_and_the_rest_is_cut():
    result = imaging.normalize(np.arange(101), percentiles=(10, 90))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result[[0, 10, 50, 90, 100]], [0, 0, 0.5, 1, 1])


def test_zscore_has_mean_zero_and_deviation_one_inside_the_mask():
    image = np.array([1.0, 3.0, 100.0])
    result = imaging.normalize(image, "zscore", mask=[1, 1, 0])
    np.testing.assert_allclose(result, [-1, 1, 98])


@pytest.mark.parametrize(
    ("image", "options", "words"),
    [
        ([5, 5, 5], {}, "no contrast"),
        ([5.1, 5.1, 5.1], {"method": "zscore"}, "no contrast"),
        ([0, 0, 0], {"method": "minmax"}, "no contrast"),
        ([0, np.nan], {}, "NaN"),
        ([0, 1], {"mask": [False, False]}, "selects no pixel"),
        ([0, 1], {"mask": [True]}, "must match"),
        ([0, 1], {"mask": [0, 7]}, "other values than 0 and 1"),
        ([0, 1], {"method": "max"}, "'percentile', 'zscore', 'minmax'"),
        ([0, 1], {"percentiles": (99, 1)}, "give \\(low, high\\)"),
        ([], {}, "empty"),
    ],
)
def test_images_that_cannot_be_normalized_are_refused(image, options, words):
    with pytest.raises(ValueError, match=words):
        imaging.normalize(image, **options)
