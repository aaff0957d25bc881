"""Run a section of a lesson after the lesson's definitions, without the sections between."""

import re

import nbformat

from authoring.experiments.definitions import definitions
from authoring.workshop.lessons import find_lessons


def code_of(number, heading):
    """Return the sources of the code cells below a heading of the second level."""
    found, inside = [], False
    for cell in nbformat.read(find_lessons([number])[0], as_version=4).cells:
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
