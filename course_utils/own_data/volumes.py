"""Volumes: a folder of NIfTI files as a data set of slices, and masks back as NIfTI files."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from pathlib import Path

import nibabel
import numpy as np
from nibabel.processing import resample_from_to

from course_utils import imaging
from course_utils._checks import check_choice, refuse
from course_utils._files import replacing
from course_utils.datasets import ImageDataset
from course_utils.datasets._fields import check_window
from course_utils.datasets.resizing import scan_names
from course_utils.own_data._folder import POSITION, REMEDIES, Complaint, Folder, is_dicom
from course_utils.own_data.pictures import MaskLabels, check_size, place

# Two grids are one if no corner moves along an axis by more than this share of a voxel side.
SAME_PLACE = 0.1
# The longest side of a voxel is the distance of slices if it is longer than the others by this.
LONGER = 1.1
# With "percentile": shares of the voxels that are not background.
PERCENTILES = (0.5, 99.5)
# Air around a head: closer to the background than this share of the way to the brightest voxels.
AIR = 0.05
NIFTI = (".nii.gz", ".nii")
ADVICE = "Save it as whole numbers: data > 0.5 for one mask, numpy.rint(data) for labels."


def read_volume_folder(
    folder,
    *,
    images,
    intensity_window,
    class_names=None,
    table=None,
    columns=None,
    plane=None,
    spacing_mm=None,
    mask_labels="lesion",
    size=None,
    fit=None,
):
    """Read volumes that a table describes into an `ImageDataset` of slices.

    Each row of the table names one scan: a NIfTI file for each channel, and one for the mask;
    ``name.nii.gz[2]`` is the third volume of a 4-D file. Those on another grid than the first
    channel are resampled onto it (linear; nearest for masks), and a warning lists them. Images
    become float32, pixels square; slices run from feet to head, back to front, or left to right,
    with ``slice_positions_mm`` along their normal and ``slice_thickness_mm`` from one to the next.
    A label is that of all slices. ``attributes`` adds ``slice`` and ``<mask>_in_slice``;
    ``meta["scans"]`` holds what `write_masks` needs.

    Parameters
    ----------
    folder, class_names, table, columns, mask_labels
        As in `read_image_folder`; the table is volumes.csv, the group the patient (left out: the
        column patient). Without ``class_names`` there is one class, patient, and no label column.
    images : dict
        Channel name to column: ``{"T1c": "t1c", "FLAIR": "flair"}``.
    intensity_window : (low, high) or "percentile"
        The values that `ImageDataset.as_float` maps to 0 and 1, such as (-160, 240) HU for CT. For
        MR ``"percentile"``: the 0.5th and 99.5th percentile of each volume's foreground. The most
        frequent value and what is hardly brighter become 0, in z-scores, too.
    plane, spacing_mm : {"axial", "coronal", "sagittal"}, and float, optional
        Left out: across the longest side of the voxels, or axial if none is longer by a tenth.
        Resample all slices to pixels of this side; a size then only cuts and fills at the edges.
    size, fit
        As in `read_image_folder`, for each slice, with proportions in mm. Needed if the slices
        differ in size. A mask may lose slices at its ends, but not all of them.
    """
    if not isinstance(images, dict) or not images or {*map(type, images.values())} != {str}:
        refuse("images", repr(images), "a dict, channel name to column name", "{'T1c': 't1c'}")
    by_percentile = isinstance(intensity_window, str)
    if by_percentile and intensity_window != "percentile":
        remedy = "For CT give HU, for example (-160, 240); for MR 'percentile'."
        refuse("intensity_window", repr(intensity_window), "(low, high) or 'percentile'", remedy)
    window = (0.0, 1.0) if by_percentile else check_window(intensity_window)
    if plane is not None:
        check_choice("plane", plane, imaging.AXES)
    number = isinstance(spacing_mm, int | float | np.number)
    if spacing_mm is not None and not (number and 0.01 <= spacing_mm <= 100):
        refuse("spacing_mm", repr(spacing_mm), "one number of mm, 0.01 to 100", "For example 1.0.")
    form = (plane, spacing_mm, check_size(size, fit), fit)
    channels, table = [*images.values()], "volumes.csv" if table is None else table
    usual = {"image": channels[0], "group": "patient"}
    found = Folder(folder, table, columns, class_names, "patient", usual, channels)
    labels = MaskLabels(mask_labels) if "mask" in found.columns else None
    names = () if labels is None else labels.names
    added = {"slice", *(f"{name}_in_slice" for name in names)}
    if taken := added & set(found.table.columns):
        refuse("column", ", ".join(sorted(taken)), "other names", "They name what is added here.")
    files = [*channels, *([found.columns["mask"]] if names else [])]
    stacks = _read_stacks(found, files, (*window, by_percentile), form, labels)
    found.check_one_size([None if stack is None else stack["images"][0] for stack in stacks])
    if names and not found.problems:
        labels.check(found)
    found.stop_if_any()
    if names:
        found.note_masks([stack["masks"] for stack in stacks], names)
    scans = dict(zip(found.names, [stack.pop("scan") for stack in stacks], strict=True))
    if len(planes := {scan["plane"] for scan in scans.values()}) > 1:
        planes = ", ".join(sorted(planes))
        found.notes.append(f"scans of several planes: {planes}. plane='axial' takes one for all.")
    sides = [stack["pixel_spacing_mm"].mean() for stack in stacks]
    if max(sides) > LONGER * min(sides):
        shown = f"{min(sides):.3g} to {max(sides):.3g} mm"
        found.notes.append(f"pixels of {shown}. spacing_mm={max(sides):.2g} makes them equal.")
    found.warn()
    counts = [len(stack["images"]) for stack in stacks]
    per_slice = {key: np.concatenate([stack[key] for stack in stacks]) for key in stacks[0]}
    fields = found.fields(counts)
    fields["attributes"]["slice"] = np.concatenate([np.arange(count) for count in counts])
    for bit, name in enumerate(names):
        there = (per_slice["masks"] >> bit & 1).any(axis=(1, 2))
        fields["attributes"][f"{name}_in_slice"] = there
    fields["meta"] |= {"scan_column": found.columns["image"], "scans": scans}
    return ImageDataset(
        **fields,
        **per_slice,
        intensity_window=window,
        channel_names=tuple(images),
        mask_names=names,
    )


def _read_stacks(found, files, window, form, labels):
    """Return the slices of each row as a dict of fields per slice, None where one is at fault."""
    convert, moved = REMEDIES["DICOM instead of a NIfTI file"], []
    advice = f"Add the file or delete the row. {convert}"
    columns = [found.locate(found.path, found.table[name], NIFTI, advice) for name in files]
    stacks, digests = ([None] * len(found.table) for _ in range(2))
    for i, paths in enumerate(zip(*columns, strict=True)):
        names = [found.table[name].iloc[i] for name in files]
        if None in paths:
            continue
        with found.complaints(i):
            volumes = [_read_volume(*both) for both in zip(paths, names, strict=True)]
            first, *others = map(nibabel.as_closest_canonical, volumes)
            for k, name in enumerate(names[1:]):
                is_mask = labels is not None and k == len(others) - 1
                others[k] = _on_grid(others[k], first, name, is_mask, moved)
            mask, flags = np.asarray(others.pop().dataobj) if labels else None, None
            channels = [np.asarray(volume.dataobj) for volume in (first, *others)]
            digests[i] = hashlib.sha256(b"".join(c.tobytes() for c in channels)).digest()
            with found.complaints(i, names[-1]):
                flags = labels and labels.flags(mask, names[-1], ADVICE)
            stacks[i] = _stack(channels, first.affine, flags, window, form)
            affine = volumes[0].affine.tolist()
            stacks[i]["scan"] |= {"shape": volumes[0].shape, "affine": affine}
    found.check_same_content(digests)
    names, counts = np.unique(found.groups, return_counts=True)
    several = [f"{n} has {c}" for n, c in zip(names, counts, strict=True) if n and c > 1]
    found.note("several scans of one patient", several)
    found.note("on another grid than the first channel", moved)
    used = {os.path.realpath(path) for column in columns for path in column if path}
    there = sorted(found.path.rglob("[!.]*.nii*"))
    extra = [path.name for path in there if os.path.realpath(path) not in used]
    found.note("volumes that were not read", extra)
    return stacks


def _read_volume(path, name):
    """Return a NIfTI file, or one volume of it as in name.nii.gz[2], as a nibabel image."""
    position = POSITION.search(name)
    if is_dicom(path):
        raise Complaint("DICOM instead of a NIfTI file", name)
    try:
        return imaging.read_nifti(path, index=int(position[1]) if position else None)
    except ValueError as error:
        raise Complaint("volume that cannot be used", str(error).rstrip(".")) from error


def _on_grid(volume, first, name, is_mask, moved):
    """Return a channel or mask on the grid of the first channel; list it if it was on another."""
    apart = np.abs(volume.affine - first.affine) @ [*first.shape, 1]
    if volume.shape == first.shape and max(apart) <= SAME_PLACE * min(first.header.get_zooms()):
        return volume
    # float64, since NIfTI images refuse 64-bit integers, which labels of an atlas may be.
    data = np.asarray(volume.dataobj, np.float64 if is_mask else np.float32)
    air = 0 if is_mask else _background(data)
    volume = nibabel.Nifti1Image(data, volume.affine)
    # Values are known beyond the centers of the outer voxels, up to their faces.
    how = {"order": 0 if is_mask else 1, "mode": "grid-constant", "cval": air}
    result = resample_from_to(volume, first, **how)
    if (data != air).any() and not (np.asarray(result.dataobj) != air).any():
        what = f"{'mask' if is_mask else 'channel'} that lies outside its scan"
        raise Complaint(what, name, "Check that both belong to one scan, and register them.")
    moved.append(name)
    return result


def _stack(channels, affine, flags, window, form):
    """Return the slices of channels and flags on one canonical grid as a dict of fields."""
    (low, high, by_percentile), (plane, spacing_mm, size, fit) = window, form
    zooms = nibabel.affines.voxel_sizes(affine)
    if plane is None:
        longest = np.argmax(zooms)
        thick = zooms[longest] > LONGER * np.delete(zooms, longest).max()
        plane = imaging.AXES[longest] if thick else "axial"
    axis = imaging.AXES.index(plane)
    across, down = (other for other in range(3) if other != axis)
    images = np.stack([_scaled(c, low, high, by_percentile) for c in channels], axis=-1)
    images = _turned(images, axis)
    placement = place(images.shape[1:3], size, fit, zooms[[down, across]], spacing_mm)
    steps, inside = placement.growth(), placement.inside()
    starts = placement.box[1::-1] - [part.start for part in inside] * steps
    normal = np.cross(affine[:3, across], affine[:3, down])
    normal /= np.linalg.norm(normal)
    distance, n = normal @ affine[:3, axis], len(images)
    sign = np.sign(distance)
    stack = {
        "images": np.stack([placement.resized(image, low) for image in images], dtype=np.float32),
        "slice_positions_mm": sign * (normal @ affine[:3, 3] + distance * np.arange(n)),
        "slice_thickness_mm": np.full(n, abs(distance)),
        "pixel_spacing_mm": np.tile(zooms[[down, across]] * steps, (n, 1)),
    }
    if flags is not None:
        stack["masks"] = placement.resized_masks(_turned(flags, axis))
    grid = dict(zip(("rows", "columns"), np.stack([starts, steps], axis=1).tolist(), strict=True))
    return stack | {"scan": {"plane": plane, **grid}}


def _turned(data, axis):
    """Return a view of canonical voxels as slices, turned the way `imaging.plane` turns them."""
    across, down = (other for other in range(3) if other != axis)
    return np.moveaxis(data, (axis, down, across), (0, 1, 2))[:, ::-1, ::-1]


def _background(data):
    """Return the most frequent value, as that of air or of what was cut away around a brain."""
    some_voxels = data.ravel()[:: max(1, data.size // 1_000_000)]
    values, counts = np.unique(some_voxels, return_counts=True)
    frequent = counts.max() >= 0.01 * some_voxels.size
    # In continuous noise hardly two values are equal.
    return float(values[counts.argmax()] if frequent else np.percentile(some_voxels, 1))


def _scaled(data, low, high, by_percentile):
    """Return a volume in the window's values; `Complaint` where all is black or white."""
    if data.min() == data.max():
        raise Complaint("volume whose voxels are all equal", f"{data.min():g}")
    if by_percentile:
        background = _background(data)
        rest = data[data != background]
        low, high, highest = np.percentile(rest, (5, 95, 99))
        # In z-scores much lies below the background, far from it; elsewhere a little around 0.
        centered = background - low > 0.2 * (high - background)
        if not centered:
            rest = rest[rest > background + AIR * (highest - background)]
        darkest, brightest = np.percentile(rest, PERCENTILES)
        if darkest == brightest:
            raise Complaint("volume without contrast", f"{darkest:g}")
        scaled = np.clip((data - darkest) / (brightest - darkest), 0, 1)
        if centered and rest.size < 0.9 * data.size:
            scaled[data == background] = 0
        return scaled
    if ((data <= low) | (data >= high)).all():
        values = f"values {data.min():g} to {data.max():g}, window {low:g} to {high:g}"
        raise Complaint("volume outside the intensity window", values)
    return data


def write_masks(dataset, masks, folder):
    """Write masks of slices as NIfTI files, one per scan, on the grid of the scan's file.

    The data set comes from `read_volume_folder`, perhaps after `crop_to_head`, `resize` or
    `select`; slices that were dropped stay empty. Masks are (n, height, width), False and True or 0
    and 1, such as ``predictions[..., 0] >= 0.5``. A voxel gets the value of the pixel in which its
    center lies, as uint8.

    A file is named after the scan's first channel, with ``_mask`` at the end. If one exists
    already, nothing is written. Returns the paths.
    """
    scans, masks = dataset.meta.get("scans"), np.asarray(masks)
    if not scans:
        received = f"{dataset.name}, of which meta['scans'] does not tell the grid of the scans"
        remedy = "Set meta back after replace(); crop_to_head(per='slice') cannot be undone."
        refuse("dataset", received, "slices from read_volume_folder", remedy)
    shape = dataset.images.shape[:3]
    if masks.shape != shape or not np.isin(masks, (0, 1)).all():
        received = f"shape {masks.shape} with values {masks.min():g} to {masks.max():g}"
        remedy = "Keras predicts (n, height, width, 1): give predictions[..., 0] >= 0.5."
        refuse("masks", received, f"0 and 1, shape {shape}", remedy)
    cells, number = scan_names(dataset), dataset.attributes["slice"].to_numpy()
    if len(set(zip(cells, number, strict=True))) < len(cells):
        remedy = "Select every slice once."
        refuse("dataset", "a slice that occurs twice", "one mask for each slice", remedy)
    names = {cell: re.sub(r"\.nii(\.gz)?", "", cell).replace("\\", "/") for cell in cells}
    paths = {cell: Path(folder, f"{name}_mask.nii.gz") for cell, name in names.items()}
    each = [*paths.values()]
    for path in each:
        if path.exists() or each.count(path) > 1:
            refuse("folder", f"{path}, there already or twice", "new files", "Use another name.")
    for path in each:
        path.parent.mkdir(parents=True, exist_ok=True)
    for cell, path in paths.items():
        image = _whole(masks[cells == cell], number[cells == cell], scans[cell])
        with replacing(path) as part:
            part.write_bytes(gzip.compress(image.to_bytes()))
    return each


def _whole(masks, number, scan):
    """Return the NIfTI image of a scan of which some slices have masks."""
    whole = np.zeros(scan["shape"], np.uint8)
    # A view of the voxels in the order in which they were read.
    canonical = nibabel.apply_orientation(whole, nibabel.io_orientation(scan["affine"]))
    slices = _turned(canonical, imaging.AXES.index(scan["plane"]))
    # A row and a column of zeros at the end stand for all that lies outside.
    padded = np.pad(masks.astype(np.uint8), ((0, 0), (0, 1), (0, 1)))
    at = []
    for axis, (start, step) in enumerate((scan["rows"], scan["columns"]), 1):
        pixel = np.floor((np.arange(slices.shape[axis]) + 0.5 - start) / step).astype(int)
        at.append(np.where((pixel >= 0) & (pixel < masks.shape[axis]), pixel, masks.shape[axis]))
    slices[number] = padded[:, at[0][:, np.newaxis], at[1]]
    return nibabel.Nifti1Image(whole, np.array(scan["affine"]))
