"""What a model might use instead of the lesion's signs, as features per image and by name.

Every function takes an `ImageDataset` and returns a dict: name to array (n, k).
"""

import numpy as np
from scipy import ndimage

from authoring.studies import image_features as features
from authoring.studies.real_folders import shrink

ARTIFACTS = ("hair", "ruler", "ink", "bubble", "gel", "corner", "vignett", "cast", "contact")


def shortcuts(data):
    """Return all shortcuts that apply to the set."""
    found = {"brightness": mean_levels(data)}
    if data.masks is not None:
        found |= {"size of the lesion": size(data), "position": position(data)}
    if data.sites is not None:
        found["site"] = one_hot(data.sites)
    extra = {"brain_mri": _brain, "breast_ultrasound": _breast, "skin_lesions": _skin}
    return found | extra.get(data.name, lambda data: {})(data)


def simple_features(data):
    """Return thirteen features per image (per channel for the brain) and small pixels."""
    images = data.images.astype(np.float32)
    if data.name == "brain_mri":
        each = [[features.brain_features(i[..., k]) for k in (0, 1)] for i in images]
        pixels = ndimage.zoom(images, (1, 1 / 3, 1 / 3, 1), order=1)
        return {
            "thirteen features, T1c": np.array(each)[:, 0],
            "thirteen features, both channels": np.array(each).reshape(len(images), -1),
            "pixels": pixels.reshape(len(images), -1),
        }
    pick = features.color_features if images.shape[3] == 3 else features.gray_features
    small = np.array([shrink(i, 16 if images.shape[3] == 3 else 24) for i in images])
    return {
        "thirteen features": np.array([pick(i) for i in images]),
        "pixels": small.reshape(len(images), -1),
    }


def mean_levels(data):
    """Return per channel the mean, and the mean over pixels above 0."""
    images = data.images.astype(np.float32)
    total = images.sum(axis=(1, 2))
    shown = np.maximum((data.images > 0).sum(axis=(1, 2)), 1)
    return np.concatenate([images.mean(axis=(1, 2)), total / shown], axis=1)


def _lesion(data):
    name = next((n for n in data.mask_names if n in ("lesion", "core")), data.mask_names[0])
    return data.mask(name).astype(np.float32)


def size(data):
    """Return the pixels of the lesion and their logarithm; 0 where there is none."""
    area = _lesion(data).sum(axis=(1, 2))
    return np.stack([area, np.log1p(area)], axis=1)


def position(data):
    """Return where the lesion's center lies, from the middle of the image; 0 without a lesion."""
    lesion = _lesion(data)
    area = lesion.sum(axis=(1, 2))
    middle = (np.array(lesion.shape[1:])[:, None, None] - 1) / 2
    y, x = (
        np.where(area > 0, (lesion * m).sum(axis=(1, 2)) / np.maximum(area, 1), 0)
        for m in np.indices(lesion.shape[1:]) - middle
    )
    return np.stack([x, y, np.abs(x), np.hypot(x, y), y**2], axis=1)


def one_hot(values):
    """Return one column of 0 and 1 per value but the first."""
    return (np.asarray(values)[:, None] == np.unique(values)[1:]).astype(float)


def _brain(data):
    axial = (data.attributes["plane"] == "axial").to_numpy(float)[:, None]
    place, z = position(data), data.slice_positions_mm[:, None]
    more = np.concatenate([z, z**2, axial, axial * place[:, 1:2], axial * z], axis=1)
    images = data.images.astype(np.float32)
    return {
        "position": np.concatenate([place, more], axis=1),
        "plane and site": np.concatenate([axial, one_hot(data.sites)], axis=1),
        "mirror": np.array([mirror_features(i) for i in images]),
    }


def _breast(data):
    table = data.attributes
    found = {}
    if table is not None and "depth_mm" in table:
        depth = table["depth_mm"].to_numpy(float)
        # Images without a lesion get the median: that there is none is no matter of depth.
        depth = np.where(np.isfinite(depth), depth, np.nanmedian(depth))
        found["depth"] = np.stack([depth, depth**2], axis=1)
    return found | _artifacts(table)


def _skin(data):
    table = data.attributes
    found = {}
    for name, column in (("tone", "ita"), ("age", "age")):
        if table is not None and column in table:
            found[name] = table[column].to_numpy(float)[:, None]
    return found | _artifacts(table)


def _artifacts(table):
    if table is None:
        return {}
    numbers = table.select_dtypes(["bool", "number"])
    columns = [c for c in numbers if any(p.startswith(ARTIFACTS) for p in c.lower().split("_"))]
    return {"artifacts": numbers[columns].to_numpy(float)} if columns else {}


def mirror_features(image):
    """Energy of the difference between an image and its mirror image, best of nine shifts."""
    smooth = ndimage.gaussian_filter(image, (1.5, 1.5, 0))
    energies = [
        ((smooth - np.roll(smooth[:, ::-1], shift, axis=1)) ** 2).mean(axis=(0, 1))
        for shift in range(-4, 5)
    ]
    return np.sqrt(np.min(energies, axis=0))
