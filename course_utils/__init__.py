"""Helpers of the course *Convolutional networks for medical imaging with Keras*.

Import the module you need, for example ``from course_utils import imaging``. Importing the
package itself loads nothing, so that it takes no time.
"""

from pathlib import Path

__version__ = "0.1.0"

#: The folder that holds the lessons and the data: the clone of the repository.
ROOT = Path(__file__).resolve().parents[1]
