"""Exercises of lesson 01, images as arrays."""

import numpy as np
from pydicom import Dataset

from course_utils.exercises.exercise import Exercise, Several, choice, judged

_BEFORE = np.uint8([[9, 3, 5, 8, 1, 7], [4, 250, 6, 2, 9, 3], [8, 1, 7, 120, 5, 2]] * 2)
_AFTER = np.uint8([[9, 4, 2, 8, 3, 7], [4, 10, 9, 2, 1, 3], [7, 1, 7, 90, 205, 2]] * 2)


def _change(box=lambda x, y, w, h: np.s_[y : y + h, x : x + w], kind=float, change=np.abs):
    def mean_change(before, after, *sides):
        return change(after[box(*sides)].astype(kind) - before[box(*sides)].astype(kind)).mean()

    return mean_change


_EXCHANGED = lambda x, y, w, h: np.s_[x : x + w, y : y + h]  # noqa: E731

check_1_1 = Exercise(
    "1.1",
    _change(),
    praise="The box is [row, column], and the difference has a sign.",
    calls={
        "a box of 3 × 2 pixels": (_BEFORE, _AFTER, 1, 0, 3, 2),
        "a box of 2 × 4 pixels": (_BEFORE, _AFTER, 3, 1, 2, 4),
    },
    keeps_inputs=True,
    mistakes={
        "You have exchanged rows and columns: x is a column.": _change(_EXCHANGED),
        "The difference wrapped around: convert before you subtract.": _change(kind=np.uint8),
        "`int8` ends at 127: convert to float32.": _change(kind=np.int8),
        "Both errors are still there.": _change(_EXCHANGED, np.uint8),
        "A difference has a sign: use `np.abs`.": _change(change=np.asarray),
        "First `abs`, then the mean.": lambda *p: abs(_change(change=np.asarray)(*p)),
        "Width belongs to x, height to y.": _change(lambda x, y, w, h: np.s_[y : y + w, x : x + h]),
        "The box reaches from x to x + width.": _change(lambda x, y, w, h: np.s_[y:h, x:w]),
        "That is the whole image: cut out the box first.": _change(lambda *sides: ...),
    },
)


def _series(heights, numbers, intercepts, thickness):
    slices = []
    for z, number, intercept in zip(heights, numbers, intercepts, strict=True):
        one = Dataset()
        one.Modality, one.InstanceNumber, one.SliceThickness = "CT", number, thickness
        one.ImagePositionPatient, one.ImageOrientationPatient = [-120, 80, z], [1, 0, 0, 0, 1, 0]
        one.SliceLocation, one.RescaleSlope, one.RescaleIntercept = -z, 0.5, intercept
        stored = np.uint16([[0, 2000, 2100], [3001, 50000, 64000]]) + number
        one.set_pixel_data(stored, "MONOCHROME2", 16)
        slices.append(one)
    return slices


def _z(one):
    return float(one.ImagePositionPatient[2])


def _hu(one, header):
    return one.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept)


def _stack(key=_z, gap=lambda steps, s: np.ptp(steps) > 0.1, hu=lambda s, first: _hu(s, s)):
    def stacked(slices):
        ordered = sorted(slices, key=key)
        if gap(np.diff([_z(s) for s in ordered]), ordered[0]):
            raise ValueError("a slice is missing")
        return np.float32([hu(s, ordered[0]) for s in ordered])

    return stacked


_NEVER = lambda steps, one: False  # noqa: E731

check_1_2 = Exercise(
    "1.2",
    _stack(),
    praise="A volume in HU, in the order of the body, without a gap.",
    calls={
        "three slices": (_series([5, -2.5, 12.5], [2, 3, 1], [-1024, -1000, -900], 7.5),),
        "slices that overlap": (_series([10.8, 10.1, 11.5], [1, 3, 2], [0] * 3, 5),),
        "a series with a gap": (_series([7.5, 0, 5, 10], [3, 1, 2, 4], [0] * 4, 5),),
    },
    look=lambda volume: "`raise` the error." if isinstance(volume, Exception) else None,
    mistakes={
        "You kept the order of the list: sort by z.": _stack(lambda s: 0, _NEVER),
        "Your first slice is at the head. Sort by z, not by `InstanceNumber` or "
        "`SliceLocation`.": Several([_stack(lambda s: -_z(s)), lambda s: _stack()(s)[::-1]]),
        "You sorted text: use `float`.": _stack(lambda s: str(_z(s)), _NEVER),
        "You sorted whole mm: use `float`.": _stack(lambda s: int(_z(s)), _NEVER),
        "The slope comes first.": _stack(hu=lambda s, _: _hu(s, s) - s.RescaleIntercept / 2),
        "Apply slope and intercept.": _stack(hu=lambda s, _: s.pixel_array),
        "Each slice has an intercept of its own.": _stack(hu=_hu),
        "The last series lacks a slice: raise a ValueError.": _stack(gap=_NEVER),
        "No slice is missing there: compare the steps with each other, up to rounding.": Several(
            _stack(gap=lambda steps, s, of=of: abs(steps - of(steps, s)).max() > 1e-16)
            for of in (lambda steps, s: steps[0], lambda steps, s: s.SliceThickness)
        ),
        "The first axis should count the slices.": lambda s: np.moveaxis(_stack()(s), 0, -1),
        "You have cut fractions: keep HU in float32.": lambda s: np.trunc(_stack()(s)),
    },
)

check_1_3 = choice("1.3")

_LPS_AXES = np.arange(60.0).reshape(3, 4, 5) ** 2

check_1_4 = Exercise(
    "1.4",
    lambda v, i: v[i, :, ::-1].T,
    praise="`imaging.plane` does the same, whatever the axes of the file.",
    calls={"slice 2 of a 3 × 4 × 5 volume": (_LPS_AXES, 2), "slice 0": (_LPS_AXES + 7, 0)},
    mistakes={
        "Transpose it: k, which points to the head, must be the row.": Several(
            lambda v, i, j=j, k=k: v[i, ::j, ::k] for j in (1, -1) for k in (1, -1)
        ),
        "The head is at the bottom: reverse k.": lambda v, i: v[i].T,
        "Head and face: reverse k, not j.": lambda v, i: v[i, ::-1].T,
        "The face is on the right: here j grows to the back.": lambda v, i: v[i, ::-1, ::-1].T,
        "That is a coronal slice: i is the first index.": lambda v, i: v[:, i, ::-1].T,
        "That is an axial slice: i is the first index.": lambda v, i: v[::-1, ::-1, i].T,
        "Count slices from 0.": lambda v, i: v[i - 1, :, ::-1].T,
        "`.T` exchanges axes, not `reshape`.": lambda v, i: v[i, :, ::-1].reshape(v.shape[:0:-1]),
    },
)


def _affine(steps, degrees, origin):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    affine = np.eye(4)
    affine[:3] = np.c_[np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * steps, origin]
    return affine


_A = _affine((2, 2, 2), 0, (1, -2, 3))
_B = _affine((1, 1.5, 2.5), 20, (2, -8, -3))
_LPS = _affine((-2, -2, 3), 0, (22.6, 19.4, 8))
_SCAN = np.arange(16.0 * 14 * 20).reshape(16, 14, 20) ** 1.1


def _sample(
    path=lambda a, b: np.linalg.inv(b) @ a, turn=np.rint, lowest=0, highest=0, one=1, pick=tuple
):
    def value(voxel, affine_a, affine_b, scan):
        index = turn((path(affine_a, affine_b) @ [*voxel, one])[:3]).astype(int)
        if (index < lowest).any() or (index >= scan.shape + np.array(highest)).any():
            return np.nan
        return scan[pick(index)]

    return value


check_1_5 = Exercise(
    "1.5",
    _sample(),
    praise="The affines did it; the arrays alone could not.",
    calls={
        "a turned scan B": ((4, 5, 8), _A, _B, _SCAN),
        "a scan B with axes L, P, S": ((9, 8, 27), _A, _LPS, _SCAN),
        "a place just before the first voxel": ((6, 4, 1), _A, _LPS, _SCAN),
        "a place just behind the last voxel": ((4, 5, 22), _A, _B, _SCAN),
    },
    mistakes={
        "You cut the fractions: round.": _sample(turn=np.trunc),
        "Round to the nearest center, not up.": _sample(turn=np.ceil),
        "Index −1 is outside, and NumPy takes it for the last one.": _sample(lowest=-9),
        "Outside is NaN, not 0.": lambda *p: np.nan_to_num(_sample()(*p)),
        "Do not clip the index.": _sample(turn=lambda p: np.clip(np.rint(p), 0, (15, 13, 19))),
        "There is no such voxel: the last index is one less.": _sample(highest=1),
        "Compare each index with the length of its own axis.": _sample(highest=(0, 2, -4)),
        "Use `tuple(index)`: an array selects whole slices.": _sample(pick=np.asarray),
        "First A's affine, then the inverse of B's.": _sample(lambda a, b: a @ np.linalg.inv(b)),
        "You went from B to A: invert B's affine.": _sample(lambda a, b: np.linalg.inv(a) @ b),
        "You used A's voxel as B's: go through mm.": _sample(lambda a, b: np.eye(4)),
        "Those are mm: multiply by the inverse of B's affine.": _sample(lambda a, b: a),
        "The shift is lost: multiply (i, j, k, 1).": _sample(one=0),
    },
)

_TISSUE = np.array([[20.0, 60.0, -100.0, 1000.0], [40.0, -1000.0, 300.0, 0.0]])
_CENTER = np.array([[False, True, True, False], [True, True, True, False]])


@judged("1.6", ..., "Constants keep a unit; the image's own tissue removes a gain.")
def check_1_6(prepare):
    def of(image, kind, mask=_CENTER, pad=0, **kwargs):
        before = np.pad(image, pad, **kwargs)
        result = np.asarray(prepare(before.copy(), np.pad(mask, pad), kind), float)
        if result.shape != before.shape:
            return np.full(_CENTER.sum(), np.nan)
        return result[tuple(slice(pad, n - pad) for n in before.shape)][_CENTER]

    ct, mr = of(_TISSUE, "CT"), of(_TISSUE + 1100, "MR")
    bright, wide = of(0.4 * _TISSUE + 500, "MR"), of(_TISSUE + 1100, "MR", pad=2)
    cts = [of(_TISSUE, "CT", ~_CENTER), of(_TISSUE, "CT", pad=1, constant_values=(-1500, 3000))]
    padded = [of(np.where(_TISSUE == -1000, n, _TISSUE), "CT") for n in (-2000, -3000)]
    tests = {
        "Return an array of the image's shape, without NaN.": np.isfinite([ct, mr]).all(),
        "CT: the same HU gives different numbers in two images. Use constants.": _same(ct, *cts),
        "CT: 40 HU and 60 HU became the same number: clip further out.": ct[0] != ct[2],
        "CT: padding of −2000 and of −3000 gives two numbers: clip.": _same(*padded),
        "Some numbers lie outside −10 to 10: scale them down.": np.max(np.abs([ct, mr])) <= 10,
        "MR: more background changes the numbers. Use `image[mask]` alone.": _same(mr, wide),
        "MR: gain or offset changes the numbers: remove both.": _same(mr, bright),
        "MR: everything became the same number.": np.ptp(mr) > 0,
    }
    return next((sentence for sentence, passed in tests.items() if not passed), None)


def _same(first, *others):
    return all(np.allclose(first, other, atol=1e-3) for other in others)
