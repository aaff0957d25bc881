"""What the datasheets cite is in references.bib, and nothing there stands twice."""

import re

from course_utils import ROOT

ENTRIES = re.findall(r"^@\w+\{([^,]+),", (ROOT / "references.bib").read_text("utf-8"), re.M)


def test_every_key_in_the_datasheets_is_known():
    text = (ROOT / "data" / "DATASHEETS.md").read_text(encoding="utf-8")
    cited = set(re.findall(r"\b[a-z]+(?:19|20)\d\d[a-z0-9]+\b", text))
    assert cited
    assert not cited - set(ENTRIES)


def test_entries_are_sorted_and_occur_once():
    assert sorted(set(ENTRIES)) == ENTRIES
