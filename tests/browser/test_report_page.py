"""A study's report in a real browser with the network off: on a phone, on a screen, in the dark."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import evaluation, report
from tests.tiny_data import tiny

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    labels = np.repeat([0, 1], 20)
    figure, ax = plt.subplots(figsize=(11, 3))
    ax.plot([3, 2, 1])
    plt.close(figure)
    study = {
        "title": "A study with averyverylongwordthatdoesnotfitonthescreenofatelephone",
        "parts": {"train": tiny().split("train"), "test": tiny().split("test")},
        "settings": {"optimizer": "Adam", "seeds": list(range(40))},
        "scores": evaluation.report(labels, np.random.default_rng(0).uniform(0.5 * labels, 1)),
        "openings": tiny().split("test").seal(folder / "test.jsonl"),
        "limits": ["Few patients."],
    }
    lists = {n: report.checklist(n, report.known_answers(n, **study)) for n in report.CHECKLISTS}
    card = report.model_card("net", tested=["test"], texts={}, **study)
    others = {"figures": {"Loss by epoch": figure}, "checklists": lists, "model_card": card}
    return report.write_report(folder / "Bericht für Ärzte.html", **others, **study)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_the_report_opens_without_network_and_fits(browser, path, scheme, width):
    viewport = {"width": width, "height": 800}
    context = browser.new_context(offline=True, color_scheme=scheme, viewport=viewport)
    page, requests, messages = context.new_page(), [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(path.as_uri())
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
    assert messages == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    loaded = page.evaluate("[...document.images].map(i => i.naturalWidth)")
    assert len(loaded) == 4
    assert min(loaded) > 0
    colors = "['color', 'backgroundColor'].map(c => getComputedStyle(document.documentElement)[c])"
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert dark == (scheme == "dark")
    assert page.evaluate(colors)[0] == ("rgb(255, 255, 255)" if dark else "rgb(0, 0, 0)")
    names = [region.get_attribute("aria-label") for region in page.get_by_role("region").all()]
    assert {"Parts of the data", "Settings", "Software"} <= set(names)
    context.close()
