"""Read a folder of NIfTI volumes with masks and a table: your own scans.

Taught in lesson 10; the formats are described in docs/your_own_data.md.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd

from course_utils._checks import DatasetError, check_choice, check_names
from course_utils.datasets import _tables as tables
from course_utils.datasets._fields import check_window
from course_utils.datasets._problems import Complaint, Problems, refuse, some
from course_utils.datasets._resizing import check_mask_remains, check_size, place
from course_utils.datasets.container import ImageDataset
from course_utils.imaging import ImageFileError, plane, read_nifti

PLANE_AXES = {"sagittal": 0, "coronal": 1, "axial": 2}
# With "percentile": shares of the voxels above the volume's lowest value, which is mostly air.
PERCENTILES = (0.5, 99.5)
# Two grids are one if no corner of the volume moves by more than this share of a voxel side.
SAME_PLACE = 0.1


def read_volume_folder(
    folder,
    *,
    images,
    class_names,
    group,
    intensity_window,
    table="volumes.csv",
    label="label",
    group_kind="patient",
    split=None,
    mask=None,
    mask_name="lesion",
    plane="axial",
    size=None,
    fit=None,
    unlisted="error",
    name=None,
    origin="real",
    source="not stated",
    license="not stated",
    citation="not stated",
):
    r"""Read volumes that a table describes into an `ImageDataset` of slices.

    Each row of the table names, relative to the folder, one scan: a NIfTI file (.nii, .nii.gz)
    for each channel, and one for the mask. All problems are
    collected into one error. Taught in lesson 10; see docs/your_own_data.md.

    Parameters
    ----------
    folder : str or Path
        The folder that holds the table and, in it or below it, the volumes.
    images : str or dict
        Column of the volumes, or channel name to column: ``{"T1c": "t1c", "FLAIR": "flair"}``.
        The channels of one row must lie on one grid.
    class_names : sequence of str, or dict
        As in `read_image_folder`; a volume's label is that of all its slices.
    group : str or function
        Column of the patients (or lesions), or a function as in `read_image_folder`.
    intensity_window : (low, high) or "percentile"
        The values that `ImageDataset.as_float` maps to 0 and 1, such as (-160, 240) HU for CT.
        ``"percentile"`` is for MR, whose values have no unit: each volume is scaled by itself
        so that the 0.5th and 99.5th percentile of its voxels above the lowest value become 0
        and 1; what lies outside is cut off.
    table : str
        Name of the CSV file in the folder: UTF-8, commas, one line per scan.
    label, split, mask : str
        Columns of the labels, the official splits and the masks.
    group_kind : {"patient", "lesion"}
        What a group is.
    mask_name : str
        What the mask marks, with values 0 and 1 or 0 and 255, on the grid of the volume.
    plane : {"axial", "coronal", "sagittal"}
        The slices to cut, along the volume's nearest axis, turned as in `imaging.plane`.
    size, fit
        As in `read_image_folder`, for each slice. Needed if the volumes differ in size. A mask may
        lose slices at its ends, but not all of them.
    unlisted : {"error", "ignore"}
        What to do with NIfTI and .dcm files in the folder that the table does not list.
    name, origin, source, license, citation
        As in `read_image_folder`.

    Returns
    -------
    ImageDataset
        float32. All slices of all volumes, in the order of the table, from feet to head (axial),
        back to front, or left to right, with ``slice_positions_mm`` along the normal of the
        slices, ``slice_thickness_mm`` (the distance of neighboring slices, which may differ from
        the thickness in a DICOM header) and ``pixel_spacing_mm``. ``attributes``: the row's
        columns, ``slice`` (number), and ``<mask_name>_in_slice``.

    Raises
    ------
    DatasetError
        A wrong argument, or a folder with problems, which the message lists by kind.

    Examples
    --------
    >>> import nibabel
    >>> from tempfile import TemporaryDirectory
    >>> rng = np.random.default_rng(0)
    >>> with TemporaryDirectory() as name:
    ...     for letter in "ab":
    ...         voxels = rng.normal(100, 20, (40, 50, 3)).astype("float32")
    ...         volume = nibabel.Nifti1Image(voxels, np.diag([1, 1, 5, 1]))
    ...         nibabel.save(volume, Path(name) / f"{letter}.nii.gz")
    ...     table = "scan,label,patient\na.nii.gz,glioma,P1\nb.nii.gz,meningioma,P2"
    ...     _ = (Path(name) / "volumes.csv").write_text(table)
    ...     scans = read_volume_folder(
    ...         name, images="scan", class_names=("meningioma", "glioma"), group="patient",
    ...         intensity_window="percentile", name="demo",
    ...     )
    >>> scans
    ImageDataset 'demo': REAL images
      6 images, 50 x 40 px, 1 channel (intensity), float32
      2 groups, each a patient
      no official split: 6 images, 2 groups (meningioma 3, glioma 3 images)
      no masks
    >>> scans.slice_positions_mm
    array([ 0.,  5., 10.,  0.,  5., 10.])
    """
    problems = Problems(folder)
    check_choice("group_kind", group_kind, ("patient", "lesion"))
    tables.check_group_arguments(group, group_kind)
    check_choice("unlisted", unlisted, ("error", "ignore"))
    check_choice("plane", plane, PLANE_AXES)
    check_names("mask_name", (mask_name,))
    channels = {"intensity": images} if isinstance(images, str) else images
    if not isinstance(channels, dict) or not all(isinstance(c, str) for c in channels.values()):
        refuse("images", repr(images), "a column, or channel name to column", "{'T1c': 't1c'}")
    check_names("images", tuple(channels))
    layout = _Layout(table, channels, label, group, group_kind, split, mask, unlisted)
    cut = _Cut(plane, _window(intensity_window), intensity_window == "percentile", size, fit)
    scans = _read_scans(Path(folder), layout, class_names, cut, problems)
    problems.stop_if_any()
    if mask is not None:
        tables.note_masks([stack.masks for stack in scans.stacks], problems)
    taken = {"slice", f"{mask_name}_in_slice"} & set(scans.rows.columns)
    if taken:
        refuse("column", ", ".join(sorted(taken)), "other names", "They name what is added here.")
    problems.warn(stacklevel=2)
    return ImageDataset(
        **_per_slice(scans, layout, mask_name),
        name=name or Path(folder).resolve().name,
        intensity_window=cut.window,
        channel_names=tuple(channels),
        class_names=scans.class_names,
        group_kind=group_kind,
        mask_names=() if mask is None else (mask_name,),
        origin=origin,
        source=source,
        license=license,
        citation=citation,
        meta={"notes": problems.notes} if problems.notes else None,
    )


@dataclass(frozen=True)
class _Layout:
    """Where in the table things are; as in `read_volume_folder`."""

    table: str
    channels: dict
    label: str
    group: object
    group_kind: str
    split: str | None
    mask: str | None
    unlisted: str

    def files(self):
        """Return the columns that name files, the mask last."""
        return [*self.channels.values(), *([] if self.mask is None else [self.mask])]

    def columns(self):
        """Return the columns that must be there and filled, each once."""
        group = None if callable(self.group) else self.group
        named = (*self.files(), self.label, group, self.split)
        return list(dict.fromkeys(column for column in named if column is not None))


@dataclass(frozen=True, eq=False)
class _Scans:
    """The rows of the table with their labels, groups and slices."""

    rows: pd.DataFrame
    labels: np.ndarray
    class_names: tuple
    groups: np.ndarray
    stacks: list


@dataclass(frozen=True, eq=False)
class _Stack:
    """The slices of one volume: images (n, h, w, channels), masks (n, h, w) or None."""

    images: np.ndarray
    masks: np.ndarray | None
    positions_mm: np.ndarray
    thickness_mm: float
    spacing_mm: tuple
    digest: bytes


class _Cut:
    """How volumes become slices: the plane, the window and the size."""

    def __init__(self, plane_name, window, by_percentile, size, fit):
        self.plane, self.window, self.by_percentile = plane_name, window, by_percentile
        self.size, self.fit = check_size(size, fit), fit

    def stack(self, volumes, mask):
        """Return the `_Stack` of volumes (one per channel) and a mask that share one grid."""
        digest = hashlib.sha256(b"".join(_voxels(volume).tobytes() for volume in volumes)).digest()
        scaled = [self._scaled(volume) for volume in volumes]
        positions, thickness = self._positions(volumes[0])
        first = plane(scaled[0], self.plane, 0)
        placement = place(first.pixels.shape, self.size, self.fit)
        channels = [self._slices(volume, placement) for volume in scaled]
        return _Stack(
            images=np.stack(channels, axis=-1),
            masks=None if mask is None else self._mask_slices(mask, placement),
            positions_mm=positions,
            thickness_mm=thickness,
            spacing_mm=tuple(np.multiply(first.spacing_mm, placement.growth)),
            digest=digest,
        )

    def _scaled(self, volume):
        """Return the volume in the window's values; `Complaint` where all is black or white."""
        data = _voxels(volume)
        if data.min() == data.max():
            raise Complaint("volume whose voxels are all equal", f"{data.min():g}", "Leave it out.")
        if self.by_percentile:
            low, high = np.percentile(data[data > data.min()], PERCENTILES)
            if not low < high:  # nearly all voxels equal
                raise Complaint("volume without contrast", f"all {low:g}", "Give a window.")
            data = np.interp(data, (low, high), (0, 1)).astype(np.float32)
            return nib.Nifti1Image(data, volume.affine)
        low, high = self.window
        if ((data <= low) | (data >= high)).all():
            raise Complaint(
                "volume outside the intensity window",
                f"values {data.min():g} to {data.max():g}, window {low:g} to {high:g}",
                "Choose the window for these values; CT must be in HU.",
            )
        return volume

    def _planes(self, volume):
        for index in range(volume.shape[PLANE_AXES[self.plane]]):
            yield np.ascontiguousarray(plane(volume, self.plane, index).pixels)

    def _slices(self, volume, placement):
        if self.size is None:
            return np.stack(list(self._planes(volume)))
        return np.stack([placement.apply(p, self.window[0]) for p in self._planes(volume)])

    def _mask_slices(self, mask, placement):
        if self.size is None:
            return np.stack([pixels > 0 for pixels in self._planes(mask)]).astype(np.uint8)
        masks = np.stack([placement.apply_to_mask(pixels > 0) for pixels in self._planes(mask)])
        check_mask_remains(_voxels(mask), masks)
        return masks

    def _positions(self, volume):
        """Return each slice's place along the normal of the slices, and their distance, in mm."""
        axis = PLANE_AXES[self.plane]
        step = volume.affine[:3, axis]
        across, down = (volume.affine[:3, k] for k in range(3) if k != axis)
        normal = np.cross(across, down)
        normal *= np.sign(normal @ step) / np.linalg.norm(normal)
        thickness = float(normal @ step)
        start = float(normal @ volume.affine[:3, 3])
        return start + thickness * np.arange(volume.shape[axis]), thickness


def _window(intensity_window):
    if isinstance(intensity_window, str):
        if intensity_window != "percentile":
            refuse(
                "intensity_window",
                repr(intensity_window),
                "(low, high) or 'percentile'",
                "For CT give HU, for example (-160, 240); for MR 'percentile'.",
            )
        return 0.0, 1.0
    return check_window(intensity_window)


def _read_scans(folder, layout, class_names, cut, problems):
    """Return the `_Scans` of a folder; what is wrong goes into `problems`."""
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}. Give the folder that holds the table.")
    rows = tables.read_table(folder / layout.table)
    tables.check_columns(folder / layout.table, rows, layout.columns())
    tables.check_filled(rows, layout.columns(), problems)
    class_names, labels = tables.class_numbers(rows[layout.label], class_names, problems)
    groups = tables.group_names(rows, layout.group, problems)
    _note_several_scans(groups, layout.group_kind, problems)
    facts = {"label": labels, layout.group_kind: groups}
    if layout.split is not None:
        tables.check_divided_groups(groups, rows[layout.split], layout.group_kind, problems)
        facts["split"] = rows[layout.split].to_numpy()
    if layout.group_kind == "lesion":
        tables.check_lesion_labels(groups, labels, class_names, problems)
    stacks = _read_stacks(folder, rows, layout, cut, problems)
    names = rows[layout.files()[0]]
    digests = [None if stack is None else stack.digest for stack in stacks]
    tables.check_same_content(digests, names, facts, problems)
    _check_one_size(names, stacks, problems)
    return _Scans(rows, labels, class_names, groups, stacks)


def _note_several_scans(groups, group_kind, problems):
    """Note groups with more than one scan, whose slices every score by group pools."""
    names, counts = np.unique(groups, return_counts=True)
    several = [f"{n} has {c}" for n, c in zip(names, counts, strict=True) if n and c > 1]
    if several:
        problems.notes.append(
            f"several scans of one {group_kind} ({len(several)}): {some(several)}. Scores by "
            f"{group_kind} take their slices together; for volumes keep one scan each."
        )


def _per_slice(scans, layout, mask_name):
    """Return the fields of an `ImageDataset` that have one entry per slice."""
    rows, stacks = scans.rows, scans.stacks
    counts = [len(stack.images) for stack in stacks]
    masks = None if layout.mask is None else np.concatenate([stack.masks for stack in stacks])
    shown = (layout.files()[0], layout.label)
    attributes = {column: rows[column].to_numpy(str) for column in shown}
    attributes |= tables.other_columns(rows, set(layout.columns()))
    attributes = {column: np.repeat(values, counts) for column, values in attributes.items()}
    attributes["slice"] = np.concatenate([np.arange(count) for count in counts])
    if masks is not None:
        attributes[f"{mask_name}_in_slice"] = masks.any(axis=(1, 2))
    splits = None if layout.split is None else rows[layout.split].to_numpy(str)
    return {
        "images": np.concatenate([stack.images for stack in stacks]),
        "labels": np.repeat(scans.labels, counts),
        "groups": np.repeat(scans.groups, counts),
        "splits": None if splits is None else np.repeat(splits, counts),
        "masks": masks,
        "slice_positions_mm": np.concatenate([stack.positions_mm for stack in stacks]),
        "slice_thickness_mm": np.repeat([stack.thickness_mm for stack in stacks], counts),
        "pixel_spacing_mm": np.repeat([stack.spacing_mm for stack in stacks], counts, axis=0),
        "attributes": attributes,
    }


def _read_stacks(folder, rows, layout, cut, problems):
    """Return one `_Stack` per row, None where something is wrong."""
    seen, has_mask = {}, layout.mask is not None
    columns = [
        tables.locate_all(folder, rows[column], problems, seen, os.path.exists)
        for column in layout.files()
    ]
    if layout.unlisted == "error":
        _complain_of_unlisted(folder, {path for column in columns for path in column}, problems)
    stacks = []
    for line, paths in zip(rows.index, zip(*columns, strict=True), strict=True):
        volumes = [_read(folder, path, f"line {line}", problems) for path in paths]
        stack = None
        if not any(volume is None for volume in volumes):
            try:
                names = [path.relative_to(folder) for path in paths]
                _check_one_grid(names, volumes, has_mask)
                mask = volumes.pop() if has_mask else None
                if mask is not None:
                    _check_mask_values(mask, names[-1])
                stack = cut.stack(volumes, mask)
            except Complaint as complaint:
                problems.add_complaint(complaint, f"{names[0]} (line {line})")
        stacks.append(stack)
    return stacks


def _read(folder, path, line, problems):
    """Return a volume in the orientation RAS, or None after complaining."""
    if path is None:
        return None
    try:
        if path.is_dir():
            raise ImageFileError("a folder; turn a DICOM series into NIfTI with dcm2niix first")
        if path.name.lower().endswith((".nii", ".nii.gz")):
            return nib.as_closest_canonical(read_nifti(path))
        raise ImageFileError("neither .nii nor .nii.gz")
    except ValueError as error:
        place_in_words = f"{path.relative_to(folder)} ({line}): {error}"
        problems.add("unreadable volume", place_in_words, "Fix or replace it.")
        return None


def _check_one_grid(names, volumes, has_mask):
    """Complain where a channel or the mask lies on another grid than the first channel."""
    first = volumes[0]
    for k, volume in enumerate(volumes[1:], 1):
        side = min(first.header.get_zooms())
        if volume.shape == first.shape and _moved_mm(first, volume) <= SAME_PLACE * side:
            continue
        what = "mask" if has_mask and k == len(volumes) - 1 else "channel"
        raise Complaint(
            f"{what} on another grid than its volume",
            f"{names[k]}: {_grid(volume)}{_moved_in_words(first, volume)} not {_grid(first)}",
            "Resample it onto the volume (masks with the nearest voxel) and look at the result.",
        )


def _voxels(volume):
    return np.asarray(volume.dataobj)


def _grid(volume):
    spacing = " x ".join(f"{size:.3g}" for size in volume.header.get_zooms())
    return f"{' x '.join(map(str, volume.shape))} voxels, {spacing} mm"


def _moved_in_words(one, other):
    if one.shape != other.shape:
        return ""
    return f", moved by up to {_moved_mm(one, other):.3g} mm,"


def _moved_mm(one, other):
    """Return how far the corner voxels of two volumes of one shape lie apart at most, in mm."""
    corners = np.array(np.meshgrid(*[(0, size - 1) for size in one.shape])).reshape(3, -1)
    corners = np.vstack([corners, np.ones(corners.shape[1])])
    apart = (one.affine - other.affine)[:3] @ corners
    return float(np.linalg.norm(apart, axis=0).max())


def _check_mask_values(mask, name):
    found = np.unique(_voxels(mask))
    if not any(np.isin(found, (0, high)).all() for high in (1, 255)):
        shown = ", ".join(f"{value:g}" for value in found[:4]) + (", …" if len(found) > 4 else "")
        raise Complaint(
            "mask with other values than 0 and 1, or 0 and 255",
            f"{name}: values {shown}",
            "Choose the labels that count and save them as 1, for example (data == 2).",
        )


def _complain_of_unlisted(folder, listed, problems):
    listed = {os.path.realpath(path) for path in listed if path is not None}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        known = any(os.path.realpath(p) in listed for p in (path, *path.parents))
        if path.name.lower().endswith((".nii", ".nii.gz", ".dcm")) and not hidden and not known:
            problems.add(
                "volume that the table does not list",
                path.relative_to(folder),
                "List it, move it away, or pass unlisted='ignore'.",
            )


def _check_one_size(names, stacks, problems):
    shapes = {}
    for name, stack in zip(names, stacks, strict=True):
        if stack is not None:
            shapes.setdefault(stack.images.shape[1:3], name)
    if len(shapes) > 1:
        for (height, width), name in shapes.items():
            place_in_words = f"{height} x {width} px, such as {name}"
            problems.add("volumes of different sizes", place_in_words, "Pass size and fit.")
