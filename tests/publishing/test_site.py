"""The site: every lesson and term is there, nothing is loaded from elsewhere, no link is broken."""

import json
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup

from authoring.publishing import pages
from authoring.workshop.lessons import ROOT, find_lessons, read_lesson

TERMS = {"kernel": "kernel", "feature map": "feature map", "AUC": "AUC", "ROC area": "AUC"}
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def test_a_term_is_linked_where_it_is_used_first_and_nowhere_else():
    text = (
        "# A kernel\n\nNo `kernel`, [kernel](x), sub-kernel. Kernels make a feature\nmap; a kernel."
    )
    expected = (
        "# A kernel\n\nNo `kernel`, [kernel](x), sub-kernel. {term}`Kernels <kernel>` make a "
        "{term}`feature map <feature map>`; a kernel."
    )
    missing = dict(TERMS)
    assert pages.link_terms(text, missing) == expected
    assert set(missing) == {"AUC", "ROC area"}
    assert pages.link_terms("The ROC area.", missing) == "The {term}`ROC area <AUC>`."
    assert not missing


def test_the_glossary_is_read_with_all_forms():
    text = "```{glossary}\nAUC\nROC area\n  A score.\n\nkernel\n  Weights.\n```\n"
    assert pages.glossary(text) == {"AUC": "AUC", "ROC area": "AUC", "kernel": "kernel"}


def test_every_bold_term_of_the_lessons_has_an_entry():
    entries = [form.lower() for form in pages.glossary(GLOSSARY)]
    reasons = tomllib.loads((Path(__file__).parent / "not_terms.toml").read_text(encoding="utf-8"))
    left_out = {term for terms in reasons.values() for term in terms}
    missing = set()
    for path in find_lessons():
        cells = [cell.source for cell in read_lesson(path).cells if cell.cell_type == "markdown"]
        for bold in re.findall(r"\*\*([^*]+)\*\*", re.sub(r"(?s)```.*?```", "", "\n".join(cells))):
            term = " ".join(bold.lower().split())
            # A letter is a choice, and what ends like a sentence is the title of a paragraph.
            if len(term) == 1 or term[-1] in ".?:" or term in left_out:
                continue
            forms = {term, term.removesuffix("s")}
            if not any(f"{entry} ".startswith(f"{form} ") for entry in entries for form in forms):
                missing.add(f"{path.name[:2]} {term}")
    assert not missing


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    from authoring.publishing.site import build

    return build(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def documents(site):
    files = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    return {path: BeautifulSoup(path.read_text("utf-8"), "html.parser") for path in files}


@pytest.mark.slow
@pytest.mark.parametrize("lesson", find_lessons(), ids=lambda path: path.name[:2])
def test_a_lesson_is_a_page_with_folded_solutions_figures_and_terms(documents, site, lesson):
    cells = read_lesson(lesson).cells
    article = documents[site / "notebooks" / f"{lesson.stem}.html"].article

    def tagged(tag):
        return sum(tag in cell.metadata.get("tags", []) for cell in cells)

    folded = article.select("details:not([open]):has(> summary)")
    solutions = [details for details in folded if "Show the solution" in details.summary.text]
    assert len(solutions) == tagged("solution") > 0
    assert all("# Solution" in details.text for details in solutions)
    drawn = sum(bool(pages.figure(out)) for cell in cells for out in cell.get("outputs", ()))
    assert sum(len(image["alt"]) > 20 for image in article.select("figure > img")) >= drawn
    assert all(image.has_attr("alt") for image in article.select("img"))
    assert article.text.count("change with sliders") == tagged("widget")
    linked = [link["href"] for link in article.select("a[href*='glossary.html#term-']")]
    assert len(linked) == len(set(linked)) > 0


@pytest.mark.slow
def test_no_page_loads_from_elsewhere_and_no_link_is_broken(documents, site):
    anchors = {path: {tag["id"] for tag in page.select("[id]")} for path, page in documents.items()}
    wrong = []
    for path, page in documents.items():
        loaded = [tag["src"] for tag in page.select("[src]")]
        loaded += [tag["href"] for tag in page.select("link[rel=stylesheet], link[rel=preload]")]
        wrong += [f"{path.name} loads {at}" for at in loaded if re.match(r"(https?:)?//", at)]
        for link in {*loaded, *(tag["href"] for tag in page.select("a[href]"))}:
            address, anchor = urldefrag(link)
            if re.match(r"[a-z]+:", link):
                continue
            target = (path.parent / unquote(address.split("?")[0])).resolve() if address else path
            known = anchors.get(target, {unquote(anchor)})
            if not target.exists() or (anchor and unquote(anchor) not in known):
                wrong.append(f"{path.relative_to(site)}: {link}")
    assert not wrong


@pytest.mark.slow
def test_the_search_index_knows_patient_and_leakage_of_lesson_05(site):
    index = json.loads((site / "searchindex.js").read_text("utf-8")[len("Search.setIndex(") : -1])
    lesson = index["docnames"].index("notebooks/05_measuring_a_classifier")
    for stem in ("patient", "leakag"):
        # Words of headings stand in an index of their own; a single page, in no list.
        found = [index[kind].get(stem, []) for kind in ("terms", "titleterms")]
        assert any(lesson in (at if isinstance(at, list) else [at]) for at in found)
