"""The registry of real data sets, and downloads that are verified before anyone uses them.

Two environment variables matter. ``COURSE_DATA`` names the folder for downloaded files in
place of the user's cache folder. ``COURSE_MIRROR`` replaces the publishers' servers by a
folder of the same files, at http://, https:// or file://; a filled ``COURSE_DATA`` folder is
such a folder. Used in lessons 08 to 10.
"""

from course_utils.downloads._fetching import DownloadError
from course_utils.downloads.catalog import (
    MissingDataError,
    RealSet,
    available,
    cache_folder,
    download,
    find,
    find_set,
    main_download,
    main_list,
    registry,
)

__all__ = [
    "DownloadError",
    "MissingDataError",
    "RealSet",
    "available",
    "cache_folder",
    "download",
    "find",
    "find_set",
    "main_download",
    "main_list",
    "registry",
]
