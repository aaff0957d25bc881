"""Run a section of a lesson after the lesson's definitions, without the sections between."""

import re

from authoring.experiments.definitions import definitions
from authoring.workshop.lessons import find_lessons, read_lesson


def cells(number):
    """Return the cells of a lesson."""
    return read_lesson(*find_lessons([number])).cells


def code_of(number, heading):
    """Return the sources of the code cells below a heading of the second level."""
    found, inside = [], False
    for cell in cells(number):
        if cell.cell_type == "markdown":
            headings = re.findall(r"^## (.+)$", cell.source, re.M)
            inside = heading in headings[-1] if headings else inside
        elif inside:
            found.append(cell.source)
    return found


def run_section(number, heading, **names):
    """Execute a section; return its names. Names given replace those of the definitions."""
    names = vars(definitions(number)) | names
    for source in code_of(number, heading):
        exec(source, names)
    return names
