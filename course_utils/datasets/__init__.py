"""Medical image data sets: one container, one way to load, one way to divide.

The flow of every lesson begins here: ``load(name)`` gives an `ImageDataset`; its official
splits, or `split_by_group`, divide it so that no patient lies in two parts; `aggregate`
turns probabilities per image into one per patient. Taught in lessons 04 and 05.
"""

from course_utils._checks import DatasetError
from course_utils.datasets.aggregation import GroupProbabilities, aggregate
from course_utils.datasets.container import ImageDataset
from course_utils.datasets.duplicates import group_near_duplicates
from course_utils.datasets.folders import read_image_folder
from course_utils.datasets.heads import crop_to_head
from course_utils.datasets.loading import load, read_dataset
from course_utils.datasets.splitting import group_folds, split_by_group, split_by_image
from course_utils.datasets.volume_folders import read_volume_folder

__all__ = [
    "DatasetError",
    "GroupProbabilities",
    "ImageDataset",
    "aggregate",
    "crop_to_head",
    "group_folds",
    "group_near_duplicates",
    "load",
    "read_dataset",
    "read_image_folder",
    "read_volume_folder",
    "split_by_group",
    "split_by_image",
]
