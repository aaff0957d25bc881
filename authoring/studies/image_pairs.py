"""Real images beside simulated ones, resized alike, with labels and groups.

One pair per comparison: ``brain_mri`` against brain_t1c (T1c, 96 px), ``breast_ultrasound``
against breastmnist (28 px) and breast_ultrasound (64 px), ``skin_lesions`` against skin_lesions
(64 px, the central square).
"""

from dataclasses import dataclass, replace

import numpy as np

from authoring.studies import brain_slices, real_folders
from course_utils import datasets
from course_utils.datasets import group_near_duplicates

MALIGNANT = ("mel", "bcc", "akiec")
SKIN_CLASSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
PARTS = {
    "brain_mri": ("brain_t1c",),
    "breast_ultrasound": ("breastmnist", "breast_ultrasound"),
    "skin_lesions": ("skin_lesions",),
}


PIXELS = {"breastmnist": 28, "breast_ultrasound": 64, "skin_lesions": 64}


@dataclass(frozen=True)
class Images:
    """Images of one origin, made comparable."""

    images: np.ndarray  # (n, size, size, channels), float32, 0–255
    labels: np.ndarray  # 1 is malignant (brain: glioma)
    kinds: np.ndarray  # names by which simulated images are chosen in the real proportions
    groups: np.ndarray  # patients, lesions, near-duplicates or runs of slices
    known: bool  # whether the groups came with the images, rather than from likeness
    weights: np.ndarray  # how common an image is
    age: np.ndarray | None = None

    def __len__(self):
        """Return the number of images."""
        return len(self.images)

    def select(self, which):
        """Return some of the images."""
        chosen = {
            name: values[which]
            for name, values in vars(self).items()
            if isinstance(values, np.ndarray)
        }
        return replace(self, **chosen)


def central_square(image):
    """Return the largest central square of an image."""
    height, width = image.shape[:2]
    size = min(height, width)
    top, left = (height - size) // 2, (width - size) // 2
    return image[top : top + size, left : left + size]


def resized(images, size):
    """Return images resized to a square, float32 (n, size, size, channels)."""
    return np.array([np.atleast_3d(real_folders.shrink(i, size)) for i in images], np.float32)


def read_real(folder, part, size=None):
    """Return the real images of one part of the folder, or None if it is missing."""
    if part == "breastmnist":
        real = real_folders.read_breastmnist(folder)
    else:
        real = real_folders.read_part(folder, part)
    if real is None:
        return None
    if part == "brain_t1c":
        return _brain(real)
    kinds = real.table["diagnosis"].to_numpy(str)
    known, age = part == "skin_lesions", None
    if known:
        images = resized([central_square(i) for i in real.images], size or PIXELS[part])
        groups, labels = real.table["lesion_id"].to_numpy(str), np.isin(kinds, MALIGNANT)
        age = real.table["age"].to_numpy(float)
    else:
        images = resized(real.images, size or PIXELS[part])
        groups, labels = group_near_duplicates(images), kinds == "malignant"
        kinds = np.where(labels, "malignant", "other")
    if labels.all() or not labels.any():
        raise real_folders.FolderError(
            f"{part}: all images are {'malignant' if labels.all() else 'not malignant'}. Give both."
        )
    return Images(images, labels.astype(int), kinds, groups, known, np.ones(len(images)), age)


def _brain(real):
    runs = brain_slices.find_runs(real.images, real.table["diagnosis"].to_numpy())
    kinds = real.table["diagnosis"].to_numpy(str)
    keep = np.flatnonzero(kinds != "pituitary")
    images = np.array([brain_slices.standardize(real.images[i]) for i in keep], np.float32)
    labels = (kinds[keep] == "glioma").astype(int)
    if len(set(labels)) < 2:
        raise real_folders.FolderError("brain_t1c: give slices of meningioma and of glioma.")
    ones = np.ones(len(keep))
    return Images(images[..., None], labels, kinds[keep], runs[keep], False, ones)


def read_simulated(name, part, size=None):
    """Return the simulated training images, prepared like `read_real`."""
    data = datasets.load(name).split("train")
    attributes, labels = data.attributes, data.labels
    if name == "brain_mri":
        data = data.select(np.flatnonzero((labels < 2) & attributes["tumor_in_slice"]))
        images = np.array([brain_slices.standardize(i[..., 0]) for i in data.images])[..., None]
        labels, kinds = data.labels, np.array(["meningioma", "glioma"])[data.labels]
    else:
        images = resized(data.images, size or PIXELS[part])
        kinds = np.array(["other", "malignant"])[np.minimum(labels, 1)]
    weights = np.ones(len(data))
    if name == "skin_lesions":
        kinds, weights = np.array(SKIN_CLASSES)[labels], attributes["weight"].to_numpy(float)
        labels = np.isin(kinds, MALIGNANT).astype(int)
    return Images(images.astype(np.float32), labels, kinds, data.groups, True, weights)


def like_real(simulated, real, count, seed=0):
    """Choose one image each of about `count` simulated groups, in the real shares of kinds."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(simulated))
    _, first = np.unique(simulated.groups[order], return_index=True)
    first = rng.permutation(order[first])
    names, shares = np.unique(real.kinds, return_counts=True)
    chosen = []
    for name, share in zip(names, shares / shares.sum(), strict=True):
        members = first[simulated.kinds[first] == name]
        chosen.append(members[: max(1, round(share * count))])
    return simulated.select(np.sort(np.concatenate(chosen)))
