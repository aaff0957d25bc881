"""Real images beside simulated ones, resized alike, with labels and groups.

One pair per comparison: ``brain_mri`` against brain_t1c (T1c, 96 px), ``breast_ultrasound``
against breastmnist (28 px) and breast_ultrasound (64 px), ``skin_lesions`` against skin_lesions
(64 px, the central square).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from authoring.studies import brain_slices, real_folders
from course_utils.datasets import group_near_duplicates, read_dataset

MALIGNANT = ("mel", "bcc", "akiec")
SKIN_CLASSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
PARTS = {
    "brain_mri": ("brain_t1c",),
    "breast_ultrasound": ("breastmnist", "breast_ultrasound"),
    "skin_lesions": ("skin_lesions",),
}


@dataclass(frozen=True)
class Images:
    """Images of one origin, made comparable.

    Attributes
    ----------
    images : array (n, size, size, channels), float32, 0–255
    labels : array (n,)
        1 is malignant (brain: glioma).
    kinds : array (n,)
        Names by which the simulated images are chosen in the real proportions.
    groups : array (n,)
        Patients, lesions, near-duplicates or runs of slices.
    known : bool
        Whether the groups came with the images, rather than from likeness.
    weights : array (n,)
        How common an image is.
    age : array (n,) or None
    """

    images: np.ndarray
    labels: np.ndarray
    kinds: np.ndarray
    groups: np.ndarray
    known: bool
    weights: np.ndarray
    age: np.ndarray | None = None

    def __len__(self):
        """Return the number of images."""
        return len(self.images)

    def select(self, which):
        """Return some of the images."""
        fields = ("images", "labels", "kinds", "groups")
        age = None if self.age is None else self.age[which]
        chosen = {name: getattr(self, name)[which] for name in fields}
        return Images(**chosen, known=self.known, weights=self.weights[which], age=age)


def central_square(image):
    """Return the largest central square of an image."""
    height, width = image.shape[:2]
    size = min(height, width)
    top, left = (height - size) // 2, (width - size) // 2
    return image[top : top + size, left : left + size]


def resized(images, size):
    """Return images resized to a square, float32 (n, size, size, channels)."""
    return np.array([np.atleast_3d(real_folders.shrink(i, size)) for i in images], np.float32)


def read_real(folder, part, size=None, malignant=MALIGNANT):
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
        images = resized([central_square(i) for i in real.images], size or 64)
        groups, labels = real.table["lesion_id"].to_numpy(str), np.isin(kinds, malignant)
        age = real.table["age"].to_numpy(float)
    else:
        images = resized(real.images, size or (28 if part == "breastmnist" else 64))
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


def read_simulated(data_folder, name, part, size=None, split="train", malignant=MALIGNANT):
    """Return the simulated images of a split, prepared like `read_real`; None if not embedded."""
    path = Path(data_folder) / f"{name}.npz"
    if not path.is_file():
        return None
    data = read_dataset(path)
    keep = np.ones(len(data), bool) if split is None else data.splits == split
    attributes = data.attributes
    if name == "brain_mri":
        keep &= (data.labels < 2) & attributes["tumor_in_slice"].to_numpy(bool)
    if attributes is not None and "subset" in attributes:
        keep &= (attributes["subset"] == "main").to_numpy()
    data = data.select(np.flatnonzero(keep))
    weights, attributes = np.ones(len(data)), data.attributes
    if attributes is not None and "weight" in attributes:
        weights = attributes["weight"].to_numpy(float)
    if name == "brain_mri":
        images = np.array([brain_slices.standardize(i[..., 0]) for i in data.images])[..., None]
        kinds = np.array(["meningioma", "glioma"])[data.labels]
        labels = data.labels
    else:
        default = {"breastmnist": 28, "breast_ultrasound": 64, "skin_lesions": 64}[part]
        images = resized(data.images, size or default)
        kinds = np.array(["other", "malignant"])[np.minimum(data.labels, 1)]
        labels = data.labels
        if name == "skin_lesions":
            kinds = np.array(SKIN_CLASSES)[data.labels]
            labels = np.isin(kinds, malignant).astype(int)
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
