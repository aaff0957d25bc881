"""Volumes: a folder of NIfTI files as a data set of slices."""

from __future__ import annotations

import hashlib

import nibabel
import numpy as np

from course_utils import imaging
from course_utils._checks import refuse
from course_utils.datasets import ImageDataset
from course_utils.datasets._fields import check_window
from course_utils.own_data._folder import (
    Complaint,
    Folder,
    check_size,
    growth,
    marked,
    place,
    resized,
    resized_masks,
    some,
)

# Two grids are one if no corner of the volume moves by more than this share of a voxel side.
SAME_PLACE = 0.1
# With "percentile": shares of the voxels above the volume's lowest value, which is mostly air.
PERCENTILES = (0.5, 99.5)


def read_volume_folder(
    folder,
    *,
    images,
    columns,
    class_names,
    intensity_window,
    mask_name="lesion",
    size=None,
    fit=None,
):
    r"""Read volumes that the folder's volumes.csv describes into an `ImageDataset` of axial slices.

    Each row of the table names one scan: a NIfTI file (.nii, .nii.gz) for each channel, and one for
    the mask, relative to the folder. A label is that of all slices. Images become float32; slices
    run from feet to head, with ``slice_positions_mm`` along their normal, ``slice_thickness_mm``
    (the distance of neighbors) and ``pixel_spacing_mm``. ``attributes`` adds ``slice`` and
    ``<mask_name>_in_slice``.

    Parameters
    ----------
    folder, columns, class_names
        As in `read_image_folder`, with volumes.csv; the group is the patient.
    images : dict
        Channel name to column: ``{"T1c": "t1c", "FLAIR": "flair"}``. The channels of one row must
        lie on one grid.
    intensity_window : (low, high) or "percentile"
        The values that `ImageDataset.as_float` maps to 0 and 1, such as (-160, 240) HU for CT.
        ``"percentile"`` is for MR, whose values have no unit: in each volume the 0.5th and 99.5th
        percentile of the voxels above the lowest value become 0 and 1; the rest is cut off.
    mask_name : str
        What the mask marks, with values 0 and 1 or 0 and 255, on the grid of the volume.
    size, fit
        As in `read_image_folder`, for each slice. Needed if the volumes differ in size. A mask may
        lose slices at its ends, but not all of them.
    """
    if not isinstance(images, dict) or not images:
        refuse("images", repr(images), "a dict, channel name to column", "{'T1c': 't1c'}")
    by_percentile = isinstance(intensity_window, str)
    if by_percentile and intensity_window != "percentile":
        remedy = "For CT give HU, for example (-160, 240); for MR 'percentile'."
        refuse("intensity_window", repr(intensity_window), "(low, high) or 'percentile'", remedy)
    window = (0.0, 1.0) if by_percentile else check_window(intensity_window)
    size = check_size(size, fit)
    columns = {"image": next(iter(images.values())), **columns}
    found = Folder(folder, "volumes.csv", columns, class_names, "patient", [*images.values()])
    taken = {"slice", f"{mask_name}_in_slice"} & set(found.table.columns)
    if taken:
        refuse("column", ", ".join(sorted(taken)), "other names", "They name what is added here.")
    files = [*images.values(), *([columns["mask"]] if "mask" in columns else [])]
    stacks = _read_stacks(found, files, (window, by_percentile), size, fit, "mask" in columns)
    found.check_one_size([None if stack is None else stack["images"][0] for stack in stacks])
    found.stop_if_any()
    if "mask" in columns:
        found.note_masks([stack["masks"] for stack in stacks])
    found.warn()
    counts = [len(stack["images"]) for stack in stacks]
    per_slice = {key: np.concatenate([stack[key] for stack in stacks]) for key in stacks[0]}
    attributes = {name: np.repeat(v, counts) for name, v in found.attributes().items()}
    attributes["slice"] = np.concatenate([np.arange(count) for count in counts])
    if "mask" in columns:
        attributes[f"{mask_name}_in_slice"] = per_slice["masks"].any(axis=(1, 2))
    return ImageDataset(
        **found.fields(),
        **per_slice,
        intensity_window=window,
        channel_names=tuple(images),
        labels=np.repeat(found.labels, counts),
        groups=np.repeat(found.groups, counts),
        splits=None if found.splits is None else np.repeat(found.splits, counts),
        mask_names=(mask_name,) if "mask" in columns else (),
        attributes=attributes,
    )


def _read_stacks(found, files, window, size, fit, has_mask):
    """Return the slices of each row as a dict of fields per slice, None where one is at fault."""
    columns = [found.locate(found.path, found.table[name]) for name in files]
    found.complain_of_unlisted(found.path, (".nii", ".nii.gz"), "volume")
    stacks, digests = [], []
    for i, paths in enumerate(zip(*columns, strict=True)):
        stack = digest = None
        with found.complaints(i):
            if None not in paths:
                volumes = [_read_volume(path, path.relative_to(found.path)) for path in paths]
                _check_one_grid(volumes, files, has_mask)
                channels = volumes[: len(volumes) - has_mask]
                digest = hashlib.sha256(b"".join(v.dataobj.tobytes() for v in channels)).digest()
                stack = _stack(channels, volumes[-1] if has_mask else None, window, size, fit)
        stacks.append(stack)
        digests.append(digest)
    found.check_same_content(digests)
    names, counts = np.unique(found.groups, return_counts=True)
    several = [f"{n} has {c}" for n, c in zip(names, counts, strict=True) if n and c > 1]
    if several:
        what = f"several scans of one patient ({len(several)}): {some(several)}"
        found.notes.append(f"{what}. Scores by patient take their slices together.")
    return stacks


def _read_volume(path, name):
    """Return a NIfTI file as a float32 nibabel image in the orientation RAS."""
    try:
        return nibabel.as_closest_canonical(imaging.read_nifti(path))
    except ValueError as error:
        reason = f"{name}: {error}".rstrip(".")
        raise Complaint("unreadable volume", reason, "Replace it.") from error


def _check_one_grid(volumes, files, has_mask):
    first = volumes[0]
    corners = nibabel.affines.apply_affine
    at = np.stack(np.meshgrid(*[(0, n - 1) for n in first.shape]), axis=-1).reshape(-1, 3)
    for k, volume in enumerate(volumes[1:], 1):
        apart = corners(first.affine, at) - corners(volume.affine, at)
        moved = np.linalg.norm(apart, axis=1).max()
        if volume.shape != first.shape or moved > SAME_PLACE * min(first.header.get_zooms()):
            what = "mask" if has_mask and k == len(volumes) - 1 else "channel"
            one, other = (" x ".join(map(str, v.shape)) for v in (first, volume))
            detail = f"{files[k]}: {other} voxels instead of {one}, moved by up to {moved:.3g} mm"
            advice = "Resample it onto the volume (masks with the nearest voxel) and look at it."
            raise Complaint(f"{what} on another grid than its volume", detail, advice)


def _stack(volumes, mask, window, size, fit):
    """Return the axial slices of volumes (one per channel) and a mask that share one grid."""
    (low, high), by_percentile = window
    affine, zooms = volumes[0].affine, volumes[0].header.get_zooms()
    # Seen from the feet, front of the patient up: in RAS, rows and columns run the other way.
    channels = [np.asarray(v.dataobj).T[:, ::-1, ::-1] for v in volumes]
    images = np.stack([_scaled(c, low, high, by_percentile) for c in channels], axis=-1)
    placement = place(images.shape[1:3], size, fit)
    images = np.stack([resized(image, placement, low) for image in images])
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    normal /= np.linalg.norm(normal)
    distance, n = normal @ affine[:3, 2], len(images)
    stack = {
        "images": images.astype(np.float32),
        "slice_positions_mm": normal @ affine[:3, 3] + distance * np.arange(n),
        "slice_thickness_mm": np.full(n, distance),
        "pixel_spacing_mm": np.tile(np.array(zooms[1::-1]) * growth(placement), (n, 1)),
    }
    if mask is not None:
        values = np.asarray(mask.dataobj).T[:, ::-1, ::-1]
        advice = "Choose the labels that count and save them as 1, for example (data == 2)."
        stack["masks"] = resized_masks(marked(values, advice), placement)
    return stack


def _scaled(data, low, high, by_percentile):
    """Return a volume in the window's values; `Complaint` where all is black or white."""
    if data.min() == data.max():
        raise Complaint("volume whose voxels are all equal", f"{data.min():g}", "Leave it out.")
    if by_percentile:
        darkest, brightest = np.percentile(data[data > data.min()], PERCENTILES)
        if darkest == brightest:
            raise Complaint("volume without contrast", f"{darkest:g}", "Give a window.")
        return np.clip((data - darkest) / (brightest - darkest), 0, 1)
    if ((data <= low) | (data >= high)).all():
        values = f"values {data.min():g} to {data.max():g}, window {low:g} to {high:g}"
        advice = "Choose the window for these values; CT must be in HU."
        raise Complaint("volume outside the intensity window", values, advice)
    return data
