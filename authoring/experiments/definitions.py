"""What a lesson defines: its setup and its cells tagged ``define``, executed outside the lesson.

A stored table is computed by the functions that its lesson shows. There is no second copy of them.
"""

from functools import cache
from types import SimpleNamespace

from authoring.workshop.lessons import find_lessons, read_lesson

DEFINING = {"setup", "define"}


def defining_sources(number):
    """Return the sources of the setup and define cells of a lesson, in order.

    Parameters
    ----------
    number : str
        The lesson's number, such as ``"08"``.

    Returns
    -------
    list of str
    """
    (path,) = find_lessons([number])
    cells = [cell for cell in read_lesson(path).cells if cell.cell_type == "code"]
    return [cell.source for cell in cells if DEFINING & set(cell.metadata.get("tags", []))]


@cache
def definitions(number):
    """Execute the setup and define cells of a lesson in one namespace and return it.

    Parameters
    ----------
    number : str
        The lesson's number, such as ``"08"``.

    Returns
    -------
    types.SimpleNamespace
        ``definitions("08").build()`` calls what the lesson calls ``build``.
    """
    names = {"__name__": f"lesson_{number}"}
    for position, source in enumerate(defining_sources(number)):
        exec(compile(source, f"<lesson {number}, definition {position}>", "exec"), names)
    return SimpleNamespace(**names)
