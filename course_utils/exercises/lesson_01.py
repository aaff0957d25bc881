"""Exercises of lesson 01, images as arrays."""

import numpy as np

from course_utils.exercises.exercise import Exercise, choice

# The lesson's small image: a bright block, and one pixel.
TINY = np.zeros((6, 8), dtype=np.uint8)
TINY[1:3, 4:7] = 200
TINY[4, 1] = 90

check_1_1 = Exercise(
    "1.1",
    TINY[1:3, 4:7],
    praise="Rows first, and a slice ends one before its second number.",
    mistakes={
        "You have exchanged rows and columns: the first index is the row.": TINY[4:7, 1:3],
        "Your slices end one too early: `a:b` leaves out b.": TINY[1:2, 4:6],
        "Your slices end one too late: `a:b` leaves out b.": TINY[1:4, 4:8],
        "You count from 1. Python counts from 0: the second row has index 1.": TINY[2:4, 5:8],
    },
    other_right=[TINY[1:-3, 4:-1], TINY[1:3, 4:7].tolist()],
    other_wrong=[TINY, "tiny[1:3, 4:7]", None],
    given={"tiny": TINY},
)


def _adds_in_place(a, b):
    a += b
    return a / np.float32(2)


check_1_2 = Exercise(
    "1.2",
    lambda a, b: (a.astype(np.float32) + b) / 2,
    praise="Convert first, compute afterwards.",
    calls=[(np.uint8([[200, 10], [255, 3]]), np.uint8([[100, 20], [255, 4]]))],
    dtype=np.float32,
    keeps_inputs=True,
    mistakes={
        "uint8 wrapped around: convert to float32 before you add.": lambda a, b: (a + b) / 2,
        "You halve before you add, in integers, and lose the halves.": lambda a, b: a // 2 + b // 2,
        "That is the sum, not the mean: divide by 2.": lambda a, b: a.astype(np.float32) + b,
        "You lose the halves: (3 + 4) / 2 is 3.5.": lambda a, b: (a.astype(float) + b) // 2,
        "type is float64, not float32": lambda a, b: (a.astype(float) + b) / 2,
        "Your function changes its input.": _adds_in_place,
    },
    other_right=[lambda a, b: np.mean([a, b], axis=0, dtype=np.float32)],
    other_wrong=[lambda a, b: (a + b).astype(np.float32) / 2],
)

_STORED = np.uint16([[0, 1001], [1064, 60001]])

check_1_3 = Exercise(
    "1.3",
    lambda stored, slope, intercept: (stored * slope + intercept).astype(np.float32),
    praise="The header decides, not the habit that the intercept is −1024.",
    calls=[(_STORED, 1.5, -1500.5), (_STORED, 1.0, 24.0)],
    dtype=np.float32,
    mistakes={
        "You forgot the slope.": lambda s, m, b: s + b,
        "You forgot the intercept.": lambda s, m, b: s * m,
        "You subtracted the intercept. It carries its own sign: add it.": lambda s, m, b: s * m - b,
        "Multiply first, then add: slope · stored + intercept.": lambda s, m, b: (s + b) * m,
        "Your numbers wrapped around in uint16: use float32.": lambda s, m, b: (s * m + b) % 2**16,
        "You have cut negative values to 0. Keep them.": lambda s, m, b: (s * m + b).clip(0),
        "You use −1024 whatever the header says.": lambda s, m, b: s * m - 1024,
        "You have cut at −1024; padding may lie below.": lambda s, m, b: (s * m + b).clip(-1024),
        "Values above 32767 wrapped around in int16.": lambda s, m, b: s.astype(np.int16) * m + b,
        "type is float64, not float32": lambda s, m, b: s * m + b,
    },
    other_right=[lambda s, m, b: np.polyval([m, b], s).astype(np.float32)],
    other_wrong=[lambda s, m, b: s * int(m) + int(b), lambda s: s],
)


def _ramp(hounsfield, center, width):
    return (hounsfield - (center - width / 2)) / width


def _window(hounsfield, center, width):
    return np.clip(_ramp(hounsfield, center, width), 0, 1)


check_1_4 = Exercise(
    "1.4",
    _window,
    praise="This is `imaging.apply_window`, which the rest of the course uses.",
    calls=[
        (np.array([-1000.0, 0.0, 20.0, 40.0, 60.0, 80.0, 1500.0]), 40.0, 80.0),
        (np.array([-160.0, 40.0, 240.0]), 40.0, 400.0),
        (np.int16([20, 40]), 40.0, 75.0),
    ],
    keeps_inputs=True,
    mistakes={
        "Values outside the window are below 0 or above 1: clip them.": _ramp,
        "Black should start at center − width / 2.": lambda h, c, w: _window(h, c + w / 2, w),
        "Your picture is inverted: high values are bright.": lambda h, c, w: 1 - _window(h, c, w),
        "The gray scale is 0–1 here, not 0–255.": lambda h, c, w: 255 * _window(h, c, w),
        "That is the LINEAR form of the DICOM standard, which counts whole gray levels. Here black "
        "and white lie at center ± width / 2.": lambda h, c, w: _window(h, c - 0.5, w - 1),
        "You have clipped, and not yet scaled to 0–1: subtract the black level and divide by the "
        "width.": lambda h, c, w: np.clip(h, c - w / 2, c + w / 2),
        "Whole-number images lose their grays.": lambda h, c, w: _window(h, c, w).astype(h.dtype),
        "`//` cuts half a unit: use `/`.": lambda h, c, w: _window(h, c + w / 2 - w // 2, w),
    },
    other_right=[lambda h, c, w: np.interp(h, [c - w / 2, c + w / 2], [0, 1])],
)

check_1_5 = choice(
    "1.5",
    "c",
    praise="You can compute both windows from Hounsfield units at any time, and give the network "
    "each as a channel.",
    a="The brain window turns all bone into plain white: the structure of the skull is gone.",
    b="In the bone window one gray level is several HU wide, as you computed above: differences of "
    "a few HU inside the brain are gone.",
    d="Thousands of values in 256 levels make each level more than 10 HU wide. It contains "
    "everything, too coarsely for differences of a few HU.",
)

_MASK = np.zeros((10, 20, 30), dtype=np.uint8)
_MASK[2:7, 3:13, 5:25] = 1
_MASK[2, 3, 5], _MASK[9, 19, 29] = 0, 1
_LABELS = _MASK.copy()
_LABELS[4:6] *= 2


def _volume(count):
    return lambda mask, spacing: count(mask) * np.prod(spacing) / 1000


check_1_6 = Exercise(
    "1.6",
    _volume(np.count_nonzero),
    praise="A volume in cm³ needs all three sides of a voxel.",
    calls={
        "a mask of 1,000 voxels of 0.5 × 0.5 × 3 mm": (_MASK > 0, (0.5, 0.5, 3.0)),
        "the same mask with label 2": (_MASK * 2, (0.5, 0.5, 3.0)),
        "the same mask with labels 1 and 2": (_LABELS, (0.5, 0.5, 3.0)),
    },
    mistakes={
        "That is the number of voxels: multiply by the volume of one.": 1000,
        "That is in mm³: divide by 1000 for cm³.": 750,
        "You divided by 10, as for lengths. 1 cm³ is 10 · 10 · 10 = 1000 mm³.": 75,
        "You left out the slice spacing, the third number.": 0.25,
        "You counted all voxels, not those in the mask.": 4.5,
        "That is the box around the mask: count the voxels in the mask.": 2.55,
        "You add up the labels (label 2 counts twice): count the voxels.": _volume(np.sum),
    },
    other_right=[lambda m, s: (np.asarray(m) != 0).sum() * s[0] * s[1] * s[2] * 1e-3],
)


def _counts(count):
    """Return a function that counts along each axis: ``count(n, old spacing, new spacing)``."""
    return lambda shape, old, new: tuple(map(count, shape, old, new))


def _look_at_shape(result):
    if not isinstance(result, tuple):
        return f"Your result is a {type(result).__name__}; return a tuple, one count per axis."
    if not all(isinstance(n, (int, np.integer)) for n in result):
        return "The counts should be whole numbers (`int`), since a shape is made of them."
    return None


check_1_7 = Exercise(
    "1.7",
    _counts(lambda n, a, b: int(np.ceil((n - 1) * a / b - 1e-6)) + 1),
    praise="nibabel's `resample_to_output` builds its grid this way.",
    calls=[((3, 10, 5), (8.0, 2.0, 3.0), (2.0, 8.0, 2.0))],
    look=_look_at_shape,
    mistakes={
        "Your ratio is upside down: a smaller spacing gives more voxels.": (2, 37, 4),
        "You used n · old / new. There are n − 1 gaps between n centers.": (12, 3, 8),
        "You counted the gaps: there is one more center than there are gaps.": (8, 3, 6),
        "Your grid ends at 18 mm, before the last center: round up, to 24 mm.": (9, 3, 7),
        "return a tuple": lambda n, a, b: [9, 4, 7],
        "The counts should be whole numbers": lambda n, a, b: (9.0, 4.0, 7.0),
    },
    other_right=[_counts(lambda n, a, b: 1 - int(-(n - 1) * a // b))],
)


def _score(spread=np.std):
    return lambda v, m: np.where(m, (v - v[m].mean()) / spread(v[m]), 0)


def _whole(v, mask=None):
    return (v - v.mean()) / v.std()


check_1_8 = Exercise(
    "1.8",
    _score(),
    praise="The background has no say now.",
    # Outside the mask one voxel is bright, inside one is 0: the mask decides, not the values.
    calls=[(np.float32([[7, 0, 40], [10, 20, 60]]), np.array([[0, 1, 0], [1, 1, 1]], bool))],
    keeps_inputs=True,
    mistakes={
        "Take mean and deviation over `values[mask]` only.": lambda v, m: np.where(m, _whole(v), 0),
        "You ignore the mask: the background takes part, and it is not 0 afterwards.": _whole,
        "Outside the mask the result should be 0.": lambda v, m: (v - v[m].mean()) / v[m].std(),
        "Use the argument `mask`, not `values > 0`.": lambda v, m: _score()(v, v > 0),
        "You divided by the standard deviation of a sample (`ddof=1`): use NumPy's default, "
        "`ddof=0`.": _score(spread=lambda inside: inside.std(ddof=1)),
        "You divided by the variance: divide by the standard deviation.": _score(spread=np.var),
        "Return the whole image, with 0 outside the mask.": lambda v, m: _whole(v[m]),
    },
    other_right=[lambda v, m: (v - v.mean(where=m)) / v.std(where=m) * m],
)

check_1_9 = choice(
    "1.9",
    "d",
    praise="And a person has to look at the images before they are published.",
    a="Dates, the device, study numbers and private elements are still in the header, and the "
    "picture may show a name. Whoever holds the records finds the patient.",
    b="Age is not the point: a name burned into the pixels identifies an adult.",
    c="Dates matter, and they are not all: look at the text in the ultrasound picture, and at the "
    "private elements of the CT.",
)
