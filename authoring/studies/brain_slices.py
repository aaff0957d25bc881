"""Real and simulated brain slices, cropped, resized and scaled alike.

Heads are cropped to a square, averaged to 96 px and scaled so that the median of the head agrees.
Patient numbers of the real slices are unknown, so runs of consecutive slices that look alike are
resampled, and held out, together.
"""

from itertools import pairwise

import numpy as np
from PIL import Image

from authoring.studies import real_folders
from course_utils.datasets import resizing
from course_utils.datasets.resizing import head_box

SIZE = 96


def crop(image, box):
    """Cut a square out of a slice and average it to 96 px."""
    return resizing.crop(image, box, SIZE)


def scale(image):
    """Scale gray levels so that the median of the head is 80."""
    return resizing.scale_head(image, resizing.MEDIAN)


def standardize(image):
    """Crop a slice to its head, resize to 96 px, scale the head's median to 80."""
    small = scale(crop(image, head_box(image)))
    # Real air is not exactly 0; it must not give the origin away.
    return np.where(small < 6, 0, np.clip(small, 0, 255))


def read_folder(folder, masks=False):
    """Return the table of a folder of slices in the format of ``brain_t1c``, images, and masks.

    Masks are read if asked for; then all slices must have one size.
    """
    if not masks:
        real = real_folders.read_labelled(folder, "brain_t1c")
        return real.table, real.images
    real, found = real_folders.read_labelled(folder, "brain_t1c", masks=True)
    if len({image.shape for image in real.images}) > 1:
        raise real_folders.FolderError(f"{folder}: slices must all have one size.")
    return real.table, np.array(real.images), np.array(found) == 1


def find_runs(images, diagnoses, least=0.6):
    """Return the run of each slice: neighbors in a run correlate by at least `least` at 64 px.

    The patients are unknown. Neighbors in a stack look alike, so a run holds a patient's slices,
    and often those of several patients: resampling runs gives wide intervals, not narrow ones.
    """
    small = [np.asarray(Image.fromarray(i).resize((64, 64), Image.BOX)).ravel() for i in images]
    same = [
        before == now and np.corrcoef(small[i], small[i + 1])[0, 1] >= least
        for i, (before, now) in enumerate(pairwise(diagnoses))
    ]
    return np.concatenate([[0], np.cumsum(~np.array(same, bool))])
