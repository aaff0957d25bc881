"""Right and wrong answers to the exercises of lesson 01."""

import nibabel
import numpy as np
from pydicom.pixels import apply_modality_lut
from skimage.util import img_as_float

from course_utils import imaging
from course_utils.exercises.exercise import Several

# ---- 1.1 ----------------------------------------------------------------------------------------


def change_by_loops(before, after, x, y, width, height):
    total = 0
    for row in range(y, y + height):
        for column in range(x, x + width):
            total += abs(int(after[row, column]) - int(before[row, column]))
    return total / (width * height)


def change_in_int16(before, after, x, y, width, height):
    box = np.s_[y : y + height, x : x + width]
    return np.abs(after[box].astype(np.int16) - before[box].astype(np.int16)).mean()


def change_without_wrapping(before, after, x, y, width, height):
    a, b = (image[y : y + height, x : x + width] for image in (before, after))
    return float(np.mean(np.maximum(a, b) - np.minimum(a, b)))


def change_transposed(before, after, x, y, width, height):
    box = np.s_[x : x + width, y : y + height]
    return np.abs(after.T[box].astype(float) - before.T[box].astype(float)).mean()


def change_of_all(before, after, x, y, width, height):
    change = np.abs(after.astype("f4") - before)
    return change[y : y + height][:, x : x + width].mean()


def as_given(before, after, x, y, width, height):
    box = np.s_[x : x + width, y : y + height]
    return np.abs(after[box] - before[box]).mean()


def only_rows(before, after, x, y, width, height):
    box = np.s_[y : y + height, x : x + width]
    return np.abs(after[box] - before[box]).mean()


def only_type(before, after, x, y, width, height):
    box = np.s_[x : x + width, y : y + height]
    return np.abs(after[box].astype(float) - before[box].astype(float)).mean()


def too_late(before, after, x, y, width, height):
    box = np.s_[y : y + height, x : x + width]
    return np.abs((after[box] - before[box]).astype(float)).mean()


def no_absolute(before, after, x, y, width, height):
    box = np.s_[y : y + height, x : x + width]
    return (after[box].astype(float) - before[box]).mean()


def absolute_of_mean(before, after, x, y, width, height):
    box = np.s_[y : y + height, x : x + width]
    return abs(after[box].mean() - before[box].mean())


def in_int8(before, after, x, y, width, height):
    box = np.s_[y : y + height, x : x + width]
    return np.abs(after[box].astype(np.int8) - before[box].astype(np.int8)).mean()


def width_as_end(before, after, x, y, width, height):
    box = np.s_[y:height, x:width]
    return np.abs(after[box].astype(float) - before[box]).mean()


def scaled(before, after, x, y, width, height):
    box = np.s_[y : y + height, x : x + width]
    return np.abs(img_as_float(after[box]) - img_as_float(before[box])).mean()


def whole_image(before, after, x, y, width, height):
    return np.abs(after.astype(float) - before).mean()


# ---- 1.2 ----------------------------------------------------------------------------------------


def z(one):
    return float(one.ImagePositionPatient[2])


def refuse(ordered):
    steps = np.diff([z(s) for s in ordered])
    if not np.allclose(steps, steps[0], rtol=0.01):
        raise ValueError(f"gap: {steps}")


def volume_by_hand(slices):
    slices = list(slices)
    slices.sort(key=z)
    refuse(slices)
    volume = np.zeros((len(slices), *slices[0].pixel_array.shape), dtype=np.float32)
    for i, s in enumerate(slices):
        volume[i] = s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept)
    return volume


def volume_by_argsort(slices):
    heights = np.array([z(s) for s in slices])
    order = np.argsort(heights)
    steps = np.diff(heights[order])
    if steps.max() - steps.min() > 0.01:
        raise ValueError("missing")
    return np.array([imaging.read_dicom(slices[i]).pixels for i in order])


def volume_by_pydicom(slices):
    ordered = sorted(slices, key=lambda s: s.ImagePositionPatient[2])
    refuse(ordered)
    return np.stack([apply_modality_lut(s.pixel_array, s) for s in ordered]).astype(np.float32)


def volume_as_lists(slices):
    return volume_by_hand(slices).tolist()


def volume_by_median(slices):
    ordered = sorted(slices, key=z)
    steps = np.diff([z(s) for s in ordered])
    if any(abs(step - np.median(steps)) > 0.5 for step in steps):
        raise ValueError("slice missing")
    return np.stack([imaging.read_dicom(s).pixels for s in ordered])


def unsorted(slices):
    return np.stack([imaging.read_dicom(s).pixels for s in slices])


def by_number(slices):
    ordered = sorted(slices, key=lambda s: s.InstanceNumber)
    return np.stack([imaging.read_dicom(s).pixels for s in ordered])


def by_location(slices):
    ordered = sorted(slices, key=lambda s: s.SliceLocation)
    return np.stack([imaging.read_dicom(s).pixels for s in ordered])


def from_the_head(slices):
    ordered = sorted(slices, key=z, reverse=True)
    refuse(ordered)
    return np.stack([imaging.read_dicom(s).pixels for s in ordered])


def without_refusal(slices):
    return np.stack([imaging.read_dicom(s).pixels for s in sorted(slices, key=z)])


def stored_numbers(slices):
    ordered = sorted(slices, key=z)
    refuse(ordered)
    return np.stack([s.pixel_array for s in ordered])


def one_header(slices):
    ordered = sorted(slices, key=z)
    refuse(ordered)
    volume = np.stack([s.pixel_array for s in ordered]).astype(np.float32)
    return volume * ordered[0].RescaleSlope + ordered[0].RescaleIntercept


def by_thickness(slices):
    ordered = sorted(slices, key=z)
    if any(
        abs(step - ordered[0].SliceThickness) > 0.1 for step in np.diff([z(s) for s in ordered])
    ):
        raise ValueError("missing")
    return np.stack([imaging.read_dicom(s).pixels for s in ordered])


def slices_last(slices):
    return np.moveaxis(volume_by_hand(slices), 0, 2)


def by_text(slices):
    ordered = sorted(slices, key=lambda s: str(s.ImagePositionPatient[2]))
    return np.stack([imaging.read_dicom(s).pixels for s in ordered])


def exact_steps(slices):
    ordered = sorted(slices, key=z)
    if len({float(step) for step in np.diff([z(s) for s in ordered])}) > 1:
        raise ValueError("missing")
    return volume_by_hand(slices)


def whole_mm(slices):
    refuse(sorted(slices, key=z))
    ordered = sorted(slices, key=lambda s: int(s.ImagePositionPatient[2]))
    return np.stack([imaging.read_dicom(s).pixels for s in ordered])


def returns_the_error(slices):
    try:
        return volume_by_hand(slices)
    except ValueError as error:
        return error


def in_stored_type(slices):
    return volume_by_hand(slices).astype(int).astype(np.uint16)


def intercept_first(slices):
    ordered = sorted(slices, key=z)
    refuse(ordered)
    return [float(s.RescaleSlope) * (s.pixel_array + float(s.RescaleIntercept)) for s in ordered]


def only_a_list(slices):
    return sorted(slices, key=z)


# ---- 1.4 and 1.5 --------------------------------------------------------------------------------


def sagittal_by_nibabel(voxels, i):
    image = nibabel.Nifti1Image(np.asarray(voxels, float), np.diag([-1, -1, 1, 1]))
    return imaging.plane(image, "sagittal", voxels.shape[0] - 1 - i).pixels


def sagittal_by_loops(voxels, i):
    _, nj, nk = voxels.shape
    return [[voxels[i, c, nk - 1 - r] for c in range(nj)] for r in range(nk)]


def value(voxel_a, affine_a, affine_b, voxels_b):
    x, y, z, _ = affine_a @ np.array([*voxel_a, 1])
    i, j, k, _ = np.linalg.solve(affine_b, [x, y, z, 1])
    i, j, k = round(i), round(j), round(k)
    shape = voxels_b.shape
    if 0 <= i < shape[0] and 0 <= j < shape[1] and 0 <= k < shape[2]:
        return voxels_b[i, j, k]
    return np.nan


def value_by_nibabel(voxel_a, affine_a, affine_b, voxels_b):
    mm = nibabel.affines.apply_affine(affine_a, voxel_a)
    ijk = np.floor(nibabel.affines.apply_affine(np.linalg.inv(affine_b), mm) + 0.5).astype(int)
    inside = all(0 <= n < size for n, size in zip(ijk, voxels_b.shape, strict=True))
    return float(voxels_b[tuple(ijk)]) if inside else float("nan")


def value_by_try(voxel_a, affine_a, affine_b, voxels_b):
    index = (np.linalg.inv(affine_b) @ affine_a @ np.append(voxel_a, 1))[:3].round().astype(int)
    if min(index) < 0:
        return np.nan
    try:
        return voxels_b[tuple(index)]
    except IndexError:
        return np.nan


def value_by_parts(voxel_a, affine_a, affine_b, voxels_b):
    mm = affine_a[:3, :3] @ np.array(voxel_a) + affine_a[:3, 3]
    index = np.rint(np.linalg.inv(affine_b[:3, :3]) @ (mm - affine_b[:3, 3])).astype(int)
    if np.any(index < 0) or np.any(index >= np.array(voxels_b.shape)):
        return float("nan")
    return voxels_b[index[0], index[1], index[2]]


def value_by_padding(voxel_a, affine_a, affine_b, voxels_b):
    padded = np.pad(voxels_b.astype(float), 30, constant_values=np.nan)
    index = np.rint(np.linalg.inv(affine_b) @ affine_a @ [*voxel_a, 1]).astype(int)[:3] + 30
    return padded[tuple(index)]


def cut(voxel_a, affine_a, affine_b, voxels_b):
    index = (np.linalg.inv(affine_b) @ affine_a @ [*voxel_a, 1])[:3].astype(int)
    if (index < 0).any() or (index >= voxels_b.shape).any():
        return np.nan
    return voxels_b[tuple(index)]


def without_test(voxel_a, affine_a, affine_b, voxels_b):
    index = np.rint(np.linalg.inv(affine_b) @ affine_a @ [*voxel_a, 1])[:3].astype(int)
    return voxels_b[tuple(index)]


def without_lower_test(voxel_a, affine_a, affine_b, voxels_b):
    index = np.rint(np.linalg.inv(affine_b) @ affine_a @ [*voxel_a, 1])[:3].astype(int)
    return voxels_b[tuple(index)] if (index < voxels_b.shape).all() else np.nan


def only_lower_test(voxel_a, affine_a, affine_b, voxels_b):
    index = np.rint(np.linalg.inv(affine_b) @ affine_a @ [*voxel_a, 1])[:3].astype(int)
    return np.nan if (index < 0).any() else voxels_b[tuple(index)]


def off_by_one(voxel_a, affine_a, affine_b, voxels_b):
    index = np.rint(np.linalg.inv(affine_b) @ affine_a @ [*voxel_a, 1])[:3].astype(int)
    if (index < 0).any() or (index > voxels_b.shape).any():
        return np.nan
    return voxels_b[tuple(index)]


def try_alone(voxel_a, affine_a, affine_b, voxels_b):
    try:
        return without_test(voxel_a, affine_a, affine_b, voxels_b)
    except IndexError:
        return np.nan


def wrong_order(voxel_a, affine_a, affine_b, voxels_b):
    return without_lower_test(voxel_a, np.linalg.inv(affine_b), np.linalg.inv(affine_a), voxels_b)


def same_voxel(voxel_a, affine_a, affine_b, voxels_b):
    return voxels_b[tuple(voxel_a)]


def in_mm(voxel_a, affine_a, affine_b, voxels_b):
    index = np.rint(affine_a @ [*voxel_a, 1])[:3].astype(int)
    return voxels_b[tuple(index)] if (index < voxels_b.shape).all() else np.nan


def length_of_first_axis(voxel_a, affine_a, affine_b, voxels_b):
    index = np.rint(np.linalg.inv(affine_b) @ affine_a @ [*voxel_a, 1])[:3].astype(int)
    inside = (index >= 0).all() and (index < len(voxels_b)).all()
    return voxels_b[tuple(index)] if inside else np.nan


def nearest_inside(voxel_a, affine_a, affine_b, voxels_b):
    index = np.rint(np.linalg.inv(affine_b) @ affine_a @ [*voxel_a, 1])[:3].astype(int)
    return voxels_b[tuple(np.clip(index, 0, np.array(voxels_b.shape) - 1))]


def zero_outside(voxel_a, affine_a, affine_b, voxels_b):
    return np.nan_to_num(value(voxel_a, affine_a, affine_b, voxels_b))


def three_numbers(voxel_a, affine_a, affine_b, voxels_b):
    index = np.rint(np.linalg.inv(affine_b) @ affine_a @ voxel_a).astype(int)
    return voxels_b[tuple(index)]


# ---- 1.6 ----------------------------------------------------------------------------------------


def percentiles(image, mask, modality):
    if modality == "CT":
        return (np.clip(image, -1024, 3071) - 1024) / 2048
    low, high = np.percentile(image[mask], (1, 99))
    return np.clip((image - low) / (high - low), -1, 2)


def in_float32(image, mask, modality):
    image = np.array(image, dtype=np.float32)
    if modality == "MR":
        return (image - image[mask].mean()) / image[mask].std() * mask
    return np.clip(image, -1000, 2000) / 1000


def median_and_quartiles(image, mask, modality):
    if modality == "CT":
        return np.interp(image, (-1000, 1000), (0, 1))
    low, middle, high = np.percentile(image[mask], (25, 50, 75))
    return (image - middle) / (high - low)


def of_training_set(image, mask, modality):
    if modality.upper() == "CT":
        return (image.clip(-1000, 1500) - 100) / 400
    values = image[mask]
    out = np.zeros_like(image)
    out[mask] = (values - np.mean(values)) / np.std(values, ddof=1)
    return out


def range_of_mask(image, mask, modality):
    if modality == "CT":
        return np.clip((image + 200) / 600, -2, 2)
    inside = image[mask]
    return (image - inside.min()) / np.ptp(inside)


def zscore_everywhere(image, mask, modality):
    return (image - image.mean()) / image.std()


def zscore_inside(image, mask, modality):
    return (image - image[mask].mean()) / image[mask].std()


def brain_window(image, mask, modality):
    if modality == "CT":
        return imaging.apply_window(image, 25, 30)
    return zscore_inside(image, mask, modality)


def unclipped(image, mask, modality):
    return image / 1000 if modality == "CT" else zscore_inside(image, mask, modality)


def unscaled(image, mask, modality):
    return image.clip(-1000, 1000) if modality == "CT" else zscore_inside(image, mask, modality)


def constants_for_all(image, mask, modality):
    return np.clip(image, -1000, 1000) / 1000


def offset_alone(image, mask, modality):
    if modality == "CT":
        return np.clip(image, -1000, 1000) / 1000
    return (image - image[mask].mean()) / 1000


def gain_alone(image, mask, modality):
    if modality == "CT":
        return np.clip(image, -1000, 1000) / 1000
    return image / image[mask].mean()


def mask_alone(image, mask, modality):
    values = image[mask]
    return np.clip(values, -1, 1) if modality == "CT" else (values - values.mean()) / values.std()


def largest_of_image(image, mask, modality):
    return image / image.max()


def own_range(image, mask, modality):
    if modality == "MR":
        return zscore_inside(image, mask, modality)
    image = np.clip(image, -1000, None)
    return (image - image.min()) / np.ptp(image)


def clipped_first(image, mask, modality):
    image = np.clip(image, -1000, 1000)
    if modality == "CT":
        return image / 1000
    return zscore_inside(image.clip(0), mask, modality)


def swapped(image, mask, modality):
    return of_training_set(image, mask, "MR" if modality == "CT" else "CT")


RIGHT = {
    "1.1": [
        change_by_loops,
        change_in_int16,
        change_without_wrapping,
        change_transposed,
        change_of_all,
    ],
    "1.2": [
        volume_by_hand,
        volume_by_argsort,
        volume_by_pydicom,
        volume_as_lists,
        volume_by_median,
    ],
    "1.3": [
        ["BA", "BC", "AC"],
        ["ac", "ba", "bc"],
        ("BC", "AC", "BA"),
        {"BA", "BC", "AC"},
        "BA, BC, AC",
        [("B", "A"), ("B", "C"), ("A", "C")],
        np.array(["BA", "BC", "AC", "BA"]),
    ],
    "1.4": [
        sagittal_by_nibabel,
        sagittal_by_loops,
        lambda voxels, i: np.rot90(voxels[i]),
        lambda voxels, i: np.flip(voxels[i].T, axis=0),
        lambda voxels, i: voxels[i].T[::-1],
        lambda voxels, i: np.flipud(np.swapaxes(voxels, 1, 2)[i]),
    ],
    "1.5": [value, value_by_nibabel, value_by_try, value_by_parts, value_by_padding],
    "1.6": [percentiles, in_float32, median_and_quartiles, of_training_set, range_of_mask],
}

WRONG = {
    "1.1": [
        as_given,
        only_rows,
        only_type,
        too_late,
        no_absolute,
        absolute_of_mean,
        in_int8,
        width_as_end,
        scaled,
        whole_image,
    ],
    "1.2": [
        unsorted,
        by_number,
        by_location,
        from_the_head,
        without_refusal,
        stored_numbers,
        one_header,
        by_thickness,
        slices_last,
        by_text,
        only_a_list,
        exact_steps,
        whole_mm,
        returns_the_error,
        in_stored_type,
        intercept_first,
    ],
    "1.3": [
        ["AB"],
        ["BA", "BC"],
        ["BA", "AC"],
        ["AB", "CB", "CA"],
        ["DA", "DB", "DC"],
        ["BA", "BC", "AC", "DA", "DB", "DC"],
        ["AC", "BA", "BC", "CB"],
        "D",
        7,
        ["B to A", "B to C"],
        {"B": "AC", "A": "C"},
    ],
    "1.4": [
        lambda voxels, i: voxels[i],
        lambda voxels, i: voxels[i].T,
        lambda voxels, i: voxels[i, ::-1].T,
        lambda voxels, i: voxels[i, ::-1, ::-1].T,
        lambda voxels, i: np.rot90(voxels[i], 2),
        lambda voxels, i: np.rot90(voxels[i], -1),
        lambda voxels, i: voxels[:, i, ::-1].T,
        lambda voxels, i: voxels[::-1, ::-1, i].T,
        lambda voxels, i: voxels[i, :, ::-1],
        lambda voxels, i: voxels[i - 1, :, ::-1].T,
        lambda voxels, i: voxels[-1 - i, :, ::-1].T,
        lambda voxels, i: voxels[i, :, ::-1].reshape(voxels.shape[2], -1),
    ],
    "1.5": [
        cut,
        without_test,
        without_lower_test,
        only_lower_test,
        off_by_one,
        try_alone,
        wrong_order,
        same_voxel,
        in_mm,
        three_numbers,
        length_of_first_axis,
        nearest_inside,
        zero_outside,
    ],
    "1.6": [
        zscore_everywhere,
        zscore_inside,
        brain_window,
        unclipped,
        unscaled,
        constants_for_all,
        offset_alone,
        gain_alone,
        mask_alone,
        largest_of_image,
        swapped,
        own_range,
        clipped_first,
        lambda image, mask, modality: None,
    ],
}


def prepare(ct=lambda v, m: np.clip(v, -1000, 1000) / 1000, mr=None):
    mr = mr or (lambda v, m: np.where(m, (v - v[m].mean()) / v[m].std(), 0))
    return lambda image, mask, kind: (ct if kind == "CT" else mr)(image, mask)


# By the part of the sentence that has to name it.
NAMED = {
    "1.3": {
        "the source comes first": ["AB", "CB", "CA"],
        "D has the range": Several([["BA", "BC", "AC", "DA", "DB", "DC"], ["DA"], ["AD", "DA"]]),
        "has cut to black or white": Several([["AB"], ["CA", "BA"], ["BD", "BA", "BC", "AC"]]),
        "missing. ": Several([[], ["BA"], ["BA", "BC"], ["BA", "AC"]]),
        "is none of: AB": Several([["A"], ["AX"], ["AA", "BA"]]),
        "give a set": 3,
    },
    "1.6": {
        "CT: the same HU": prepare(lambda v, m: np.clip(v, -1000, None) / v.max()),
        "CT: 40 HU": prepare(lambda v, m: np.clip(v, -1, 1)),
        "CT: padding": prepare(lambda v, m: v / 1000),
        "outside −10 to 10": prepare(lambda v, m: v.clip(-1000, 1000)),
        "MR: more background": prepare(mr=lambda v, m: (v - v.mean()) / v.std()),
        "MR: gain": prepare(mr=lambda v, m: (v - v[m].mean()) / 1000),
        "MR: everything": prepare(mr=lambda v, m: 0 * v),
        "the image's shape": prepare(lambda v, m: v[m] / 1000),
    },
}
