"""Read a folder of pictures or volumes and a table of labels and patients: your own data.

The whole folder is checked first; everything that does not fit is listed in one error, what is odd
but allowed in one warning. See docs/your_own_data.md.
"""

from course_utils.own_data.pictures import read_image_folder
from course_utils.own_data.volumes import read_volume_folder, write_masks

__all__ = ["read_image_folder", "read_volume_folder", "write_masks"]
