"""Checks of lesson 01, images as arrays. Each takes the learner's answer and gives feedback."""

import numpy as np

from course_utils.exercises.feedback import check, choose, compare


def _tiny():
    tiny = np.zeros((6, 8), dtype=np.uint8)
    tiny[1:3, 4:7] = 200
    tiny[4, 1] = 90
    return tiny


@check("1.1", praise="Rows first, and a slice ends one before its second number.")
def check_1_1(block):
    """Check the crop of the bright block."""
    tiny = _tiny()
    return compare(
        block,
        tiny[1:3, 4:7],
        {
            "You have exchanged rows and columns: the first index is the row.": tiny[4:7, 1:3],
            "Your slices end one too early: `a:b` leaves out b.": tiny[1:2, 4:6],
            "Your slices end one too late: `a:b` leaves out b, so b is one past the end.": tiny[
                1:4, 4:8
            ],
            "That is the block turned on its side: rows and columns are exchanged.": tiny[
                1:3, 4:7
            ].T,
            "Your rows end one too early: `a:b` leaves out b.": tiny[1:2, 4:7],
            "Your columns end one too early: `a:b` leaves out b.": tiny[1:3, 4:6],
            "Your rows end one too late: `a:b` leaves out b, so b is one past the end.": (
                tiny[1:4, 4:7]
            ),
            "Your columns end one too late: `a:b` leaves out b, so b is one past the end.": (
                tiny[1:3, 4:8]
            ),
            "You count from 1. Python counts from 0: the second row has index 1.": tiny[2:4, 5:8],
        },
        name="Your block",
    )


@check("1.2", praise="Convert first, compute afterwards.")
def check_1_2(mean_image):
    """Check the mean of two uint8 images."""
    first = np.array([[200, 10], [255, 3]], dtype=np.uint8)
    second = np.array([[100, 20], [255, 4]], dtype=np.uint8)
    kept = first.copy(), second.copy()
    result = mean_image(first, second)
    if not (np.array_equal(first, kept[0]) and np.array_equal(second, kept[1])):
        return "Your function changes its input images. Work on copies: use `a + b`, not `a += b`."
    wrapped = first + second
    exact = np.array([[150.0, 15.0], [255.0, 3.5]])
    complaint = compare(
        result,
        exact,
        {
            "The sum has wrapped around in uint8: 200 + 100 became 44. Convert both images to "
            "float32 before you add them; afterwards is too late.": wrapped / 2,
            "The sum has wrapped around in uint8, and `//` has cut the rest. Convert both images "
            "to float32 first, then divide with `/`.": wrapped // 2,
            "You halve each image before you add, in whole numbers, and lose the halves.": (
                first // 2 + second // 2
            ),
            "That is the sum, not the mean: divide by 2.": exact * 2,
            "You lose the halves: (3 + 4) / 2 is 3.5. Do not convert back to whole numbers.": (
                np.floor(exact)
            ),
        },
        name="Your mean",
    )
    if complaint is None and np.asarray(result).dtype != np.float32:
        return f"The values are right; their type is {np.asarray(result).dtype}, not float32."
    return complaint


@check("1.3", praise="The header decides, not the habit that the intercept is −1024.")
def check_1_3(to_hounsfield):
    """Check the conversion to Hounsfield units."""
    stored = np.array([[0, 1001], [1064, 60001]], dtype=np.uint16)
    slope, intercept = 1.5, -1500.5
    expected = stored * slope + intercept
    result = to_hounsfield(stored.copy(), slope, intercept)
    complaint = compare(
        result,
        expected,
        {
            "You forgot the slope.": stored + intercept,
            "You forgot the intercept.": stored * slope,
            "You subtracted the intercept. It carries its own sign: add it.": (
                stored * slope - intercept
            ),
            "Multiply first, then add: slope · stored + intercept.": (stored + intercept) * slope,
            "Your numbers have wrapped around in uint16: convert to float32 before you compute.": (
                (stored * slope + intercept) % 2**16
            ),
            "You have cut negative values to 0. Air is about −1000 HU; keep it.": (
                np.clip(expected, 0, None)
            ),
            "You use −1024 whatever the header says: use the argument `intercept`.": (
                stored * slope - 1024
            ),
            "You have cut at −1024. Padding may lie below, and the header alone decides.": (
                np.clip(expected, -1024, None)
            ),
            "Values above 32767 have wrapped around in int16: convert to float32 right away.": (
                stored.astype(np.int16) * slope + intercept
            ),
            "You have cut slope or intercept to a whole number: keep their decimals.": (
                stored.astype(int) * int(slope) + int(intercept)
            ),
        },
    )
    if complaint is None and np.asarray(result).dtype != np.float32:
        return f"The values are right; their type is {np.asarray(result).dtype}, not float32."
    return complaint or compare(
        to_hounsfield(stored.copy(), 1.0, 24.0),
        stored + 24.0,
        {"You made a positive intercept negative: it carries its own sign.": stored - 24.0},
        name="With slope 1 and intercept 24 your result",
    )


@check("1.4", praise="This is `imaging.apply_window`, which the rest of the course uses.")
def check_1_4(window):
    """Check the window function."""
    hounsfield = np.array([-1000.0, 0.0, 20.0, 40.0, 60.0, 80.0, 1500.0])
    center, width = 40.0, 80.0
    ramp = (hounsfield - (center - width / 2)) / width
    doubled = (hounsfield - (center - width)) / (2 * width)
    given = hounsfield.copy()
    result = window(given, center, width)
    if not np.array_equal(given, hounsfield):
        return "Your function changes its input image. Work on copies: `a - b`, not `a -= b`."
    return (
        compare(
            result,
            np.clip(ramp, 0, 1),
            {
                "Values outside the window are below 0 or above 1: clip them.": ramp,
                "Your window is twice as wide as asked: it reaches from center − width / 2 to "
                "center + width / 2.": np.clip(doubled, 0, 1),
                "Black starts at the center: it should start at center − width / 2.": (
                    np.clip((hounsfield - center) / width, 0, 1)
                ),
                "Your picture is inverted: high values should be bright.": 1 - np.clip(ramp, 0, 1),
                "The gray scale is 0–1 here, not 0–255.": 255 * np.clip(ramp, 0, 1),
                "That is the LINEAR form of the DICOM standard, which counts whole gray levels. "
                "Here black and white lie at center − width / 2 and center + width / 2.": (
                    np.clip((hounsfield - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
                ),
                "You have clipped, and not yet scaled to 0–1: subtract the black level and divide "
                "by the width.": np.clip(hounsfield, center - width / 2, center + width / 2),
            },
        )
        or compare(
            window(np.array([-160.0, 40.0, 240.0]), 40.0, 400.0),
            [0.0, 0.5, 1.0],
            {
                "It works for a window that starts at 0 and not for center 40, width 400: subtract "
                "center − width / 2, and divide by the width.": np.clip(
                    np.array([-160.0, 40.0, 240.0]) / 240, 0, 1
                ),
            },
            name="For center 40 and width 400 your result",
        )
        or compare(
            window(np.array([20, 40], dtype=np.int16), 40.0, 75.0),
            [17.5 / 75, 0.5],
            {
                "Your result has the type of the input, so whole-number images lose their grays: "
                "compute in float.": [0, 0],
                "`//` cuts half a unit off an odd width: divide with `/`.": [17 / 75, 37 / 75],
                "You have stretched the values that occur. Black and white depend on center and "
                "width alone.": [0, 1],
            },
            name="For whole numbers, center 40 and width 75 your result",
        )
    )


@check(
    "1.5",
    praise="You can compute both windows from Hounsfield units at any time, and give the network "
    "each as a channel.",
)
def check_1_5(keep):
    """Check the choice of what to store."""
    return choose(
        keep,
        "c",
        {
            "a": "The brain window turns all bone into plain white: the structure of the skull is "
            "gone.",
            "b": "In the bone window one gray level is several HU wide, as you computed above: "
            "differences of a few HU inside the brain are gone.",
            "d": "Thousands of values in 256 levels make each level more than 10 HU wide. It "
            "contains everything, too coarsely for differences of a few HU.",
        },
    )


@check("1.6", praise="A volume in cm³ needs all three sides of a voxel.")
def check_1_6(volume_cm3):
    """Check the volume of a mask."""
    mask = np.zeros((10, 20, 30), dtype=bool)
    mask[2:7, 3:13, 5:25] = True
    mask[2, 3, 5], mask[9, 19, 29] = False, True
    spacing = (0.5, 0.5, 3.0)
    voxels, each = 1000, 0.75
    complaint = compare(
        volume_cm3(mask, spacing),
        voxels * each / 1000,
        {
            "That is the number of voxels: multiply by the volume of one.": voxels,
            "That is in mm³: divide by 1000 for cm³.": voxels * each,
            "You divided by 10, as for lengths. 1 cm³ is 10 · 10 · 10 = 1000 mm³.": voxels
            * each
            / 10,
            "You took one spacing cubed. The three sides of a voxel differ.": voxels
            * 0.5**3
            / 1000,
            "You left out the slice spacing, the third number.": voxels * 0.25 / 1000,
            "You added the spacings: a volume is their product.": voxels * 4.0 / 1000,
            "You counted all voxels, not those in the mask.": mask.size * each / 1000,
            "That is the box around the mask: count the voxels in the mask.": (
                8 * 17 * 25 * each / 1000
            ),
        },
    )
    if complaint is None:
        labels = mask * 2
        complaint = compare(
            volume_cm3(labels, spacing),
            0.75,
            {
                "For a mask with label 2 you add up the labels: count the voxels that are "
                "not 0 instead.": 1.5,
                "You count only the label 1: count every voxel that is not 0.": 0,
            },
            name="For a mask with label 2 your result",
        )
    return complaint


@check("1.7", praise="nibabel's `resample_to_output` builds its grid this way.")
def check_1_7(resampled_shape):
    """Check the shape after resampling."""
    shape, old, new = (3, 10, 5), (8.0, 2.0, 3.0), (2.0, 8.0, 2.0)
    result = resampled_shape(shape, old, new)
    if result is not None and not isinstance(result, tuple):
        return f"Your result is a {type(result).__name__}; return a tuple, one count per axis."
    complaint = compare(
        result,
        (9, 4, 7),
        {
            "Your ratio is upside down: a smaller spacing gives more voxels.": [
                int(np.ceil((n - 1) * b / a)) + 1 for n, a, b in zip(shape, old, new, strict=True)
            ],
            "You used n · old / new. Between n centers there are n − 1 gaps; then add 1 for the "
            "center at the start.": [12, 3, 8],
            "You used n · old / new and cut the rest. Between n centers there are n − 1 gaps.": [
                *(12, 2, 7)
            ],
            "You counted the gaps: there is one more center than there are gaps.": [8, 3, 6],
            "Your grid ends before the last center: 9 gaps of 2 mm are 18 mm, so centers 8 mm "
            "apart must go on to 24 mm. Round up, neither down nor to the nearest.": [9, 3, 7],
        },
        name="Your shape",
    )
    if complaint is None and not all(isinstance(n, (int, np.integer)) for n in result):
        return "The counts are right; they should be whole numbers (`int`), since a shape is."
    return complaint


@check("1.8", praise="The background has no say now.")
def check_1_8(normalize_inside):
    """Check the z-score inside a mask."""
    # Outside the mask one voxel is bright, inside one is 0: the mask decides, not the values.
    values = np.array([[7.0, 0.0, 40.0], [10.0, 20.0, 60.0]], dtype=np.float32)
    mask = np.array([[False, True, False], [True, True, True]])
    inside = values[mask].astype(np.float64)
    mean, sd = inside.mean(), inside.std()
    right = np.where(mask, (values - mean) / sd, 0)
    given = values.copy()
    result = normalize_inside(given, mask.copy())
    if not np.array_equal(given, values):
        return "Your function changes its input. Start from `values.copy()` or from zeros."
    above = values > 0
    return compare(
        result,
        right,
        {
            "Mean and standard deviation are those of the whole image: take them over "
            "`values[mask]`.": np.where(mask, (values - values.mean()) / values.std(), 0),
            "You ignore the mask: the background takes part, and it is not 0 afterwards.": (
                (values - values.mean()) / values.std()
            ),
            "Inside it is right. Outside the mask the result should be 0.": (values - mean) / sd,
            "Inside it is right. Outside you have kept the old values; they should be 0.": (
                np.where(mask, (values - mean) / sd, values)
            ),
            "You made a mask of your own from `values > 0`: use the argument `mask`.": np.where(
                above, (values - values[above].mean()) / values[above].std(), 0
            ),
            "You divided by the standard deviation of a sample (`ddof=1`): use NumPy's default, "
            "`ddof=0`.": np.where(mask, (values - mean) / inside.std(ddof=1), 0),
            "You subtracted the median: subtract the mean.": np.where(
                mask, (values - np.median(inside)) / sd, 0
            ),
            "You divided by the variance: divide by the standard deviation.": np.where(
                mask, (values - mean) / inside.var(), 0
            ),
            "You subtracted the mean and did not divide by the standard deviation.": np.where(
                mask, values - mean, 0
            ),
            "Return the whole image, with 0 outside the mask, not only the voxels inside.": (
                (inside - mean) / sd
            ),
        },
    )


@check("1.9", praise="And a person has to look at the images before they are published.")
def check_1_9(anonymous):
    """Check the choice about anonymity."""
    return choose(
        anonymous,
        "d",
        {
            "a": "Dates, the device, study numbers and private elements are still in the header, "
            "and the picture may show a name. Whoever holds the records finds the patient.",
            "b": "Age is not the point: a name burned into the pixels identifies an adult.",
            "c": "Dates matter, and they are not all: look at the text in the ultrasound picture, "
            "and at the private elements of the CT.",
        },
    )
