"""Collect everything that is wrong with a folder, so that it can be mended in one go."""

from __future__ import annotations

import warnings

from course_utils._checks import DatasetError

MAX_KINDS = 10
MAX_EXAMPLES = 3


def refuse(field, received, allowed, remedy):
    """Raise a DatasetError with the words of `course_utils._checks.refuse`."""
    raise DatasetError(f"{field}: received {received}; allowed: {allowed}. {remedy}")


class Complaint(Exception):
    """One file does not fit: what is wrong, details of this file, and what to do."""

    def __init__(self, what, detail, advice):
        super().__init__(what, detail, advice)
        self.what, self.detail, self.advice = what, detail, advice


class Problems:
    """The problems of one folder, by kind, and notes about what is odd but allowed."""

    def __init__(self, folder):
        self.folder = folder
        self.places = {}
        self.notes = []

    def add(self, what, place, advice):
        """Add one place where something is wrong; places with the same words are counted."""
        self.places.setdefault((what, advice), []).append(str(place).rstrip("."))

    def add_complaint(self, complaint, place):
        """Add what a reader of one file complained about."""
        detail = f", {complaint.detail}" if complaint.detail else ""
        self.add(complaint.what, f"{place}{detail}", complaint.advice)

    def stop_if_any(self):
        """Raise one DatasetError that lists all problems; do nothing if there are none."""
        if not self.places:
            return
        total = sum(len(places) for places in self.places.values())
        lines = [
            f"- {what} ({len(places)}): {some(places)}. {advice}"
            for (what, advice), places in self.places.items()
        ]
        if len(lines) > MAX_KINDS:
            lines[MAX_KINDS:] = [f"- and {len(lines) - MAX_KINDS} more kinds of problems."]
        count = "1 problem" if total == 1 else f"{total} problems"
        raise DatasetError("\n".join([f"{self.folder}: {count}, so no data set was made.", *lines]))

    def warn(self, stacklevel):
        """Warn once of all notes."""
        if self.notes:
            text = "\n".join([f"{self.folder}:", *(f"- {note}" for note in self.notes)])
            warnings.warn(text, stacklevel=stacklevel + 1)


def some(places):
    """Return the first places in words, and that there are more."""
    shown = "; ".join(places[:MAX_EXAMPLES])
    return f"{shown}; …" if len(places) > MAX_EXAMPLES else shown
