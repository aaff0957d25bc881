"""Every page of the site as people meet it: wide and narrow, light and dark, by keyboard alone."""

import contextlib
import functools
import http.server
import threading

import pytest

from tests.browser.conftest import RESULTS

pytestmark = [pytest.mark.slow, pytest.mark.whole]

TOOLS = "only the author's environment has "
KINDS = ("critical", "serious")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Build the site and serve it from this machine; return its address and folder."""
    pytest.importorskip("sphinx", reason=TOOLS + "Sphinx")
    builder = pytest.importorskip("authoring.publishing.site")
    folder = builder.build(tmp_path_factory.mktemp("site") / "html")
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()


def names(folder):
    """Return the addresses of all pages within the site; those without content are left out."""
    pages = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    return [page for page in pages if not page.startswith(("_", "downloads/", "genindex"))]


@pytest.fixture
def visit(browser, site):
    """Open a page at a width in a theme, and note everything that it complains of."""
    address, _ = site
    with contextlib.ExitStack() as stack:

        def visit(name, width=1200, scheme="light"):
            stack.close()
            viewport = {"width": width, "height": 800}
            context = browser.new_context(color_scheme=scheme, viewport=viewport)
            stack.callback(context.close)
            page = context.new_page()
            page.complaints = said = []
            page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("requestfailed", lambda request: said.append(f"{request.url} failed"))
            page.on("response", lambda r: said.append(f"{r.url} {r.status}") if not r.ok else None)
            page.on("request", lambda request: said.append(foreign(request.url)))
            page.goto(f"{address}/{name}", wait_until="networkidle")
            said[:] = filter(None, said)
            return page

        def foreign(url):
            return "" if url.startswith((address, "data:", "blob:")) else f"asks {url}"

        yield visit


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_complains_asks_others_or_breaks_a_rule_of_accessibility(
    site, visit, measured, scheme
):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=TOOLS + "axe").Axe()
    wrong = []
    for name in names(site[1]):
        page = visit(name, scheme=scheme)
        dark = page.evaluate("document.documentElement.dataset.theme")
        assert dark == scheme, "the page does not follow the system's theme"
        wrong += [f"{name}: {complaint}" for complaint in page.complaints]
        counts = dict.fromkeys((*KINDS, "moderate", "minor"), 0)
        for broken in axe.run(page).response["violations"]:
            counts[broken["impact"]] += 1
            if broken["impact"] in KINDS:
                place = broken["nodes"][0]["html"][:150]
                wrong.append(f"{name}: {broken['id']}, {len(broken['nodes'])} times: {place}")
        measured(f"axe_{scheme}", page=name, **counts)
    assert not wrong, "\n".join(wrong)


def test_every_page_fits_a_telephone(site, visit):
    wrong = []
    for name in names(site[1]):
        page = visit(name, width=360)
        width = page.evaluate("document.documentElement.scrollWidth")
        box = page.locator("h1:visible").first.bounding_box()
        if width > 360 or not (0 <= box["x"] < 100 and box["width"] > 200):
            wrong.append(f"{name}: {width} pixels wide, its heading at {box}")
        path = RESULTS / "site" / f"{name.removesuffix('.html').replace('/', '_')}_360.png"
        page.screenshot(path=path)
    assert not wrong, "\n".join(wrong)


def test_every_page_is_photographed(site, visit):
    for name in names(site[1]):
        path = RESULTS / "site" / f"{name.removesuffix('.html').replace('/', '_')}.png"
        visit(name).screenshot(path=path)
        assert path.stat().st_size > 10_000, "an empty page"


def reach(page, selector, most=400):
    """Press Tab until something that matches has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


def test_keys_reach_and_open_search_menu_and_solutions(visit):
    page = visit("notebooks/02_convolution.html")
    reach(page, ".search-button, .search-button__button, .search-button-field, input[type=search]")
    page.keyboard.press("Enter")
    page.locator("input[type=search]:visible").first.wait_for()

    page = visit("notebooks/02_convolution.html", width=360)
    reach(page, ".primary-toggle")
    page.keyboard.press("Enter")
    page.locator(".bd-sidebar-primary a:visible, dialog a:visible").first.wait_for()

    page = visit("notebooks/02_convolution.html")
    reach(page, "details > summary")
    assert page.evaluate("document.activeElement.parentElement.open") is False
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is True


def test_solutions_are_collapsed_and_widgets_say_why_they_stand_still(visit):
    page = visit("notebooks/02_convolution.html")
    solution = page.get_by_text("# Solution 2.1", exact=False).first
    assert solution.count() == 1
    assert not solution.is_visible()


def test_search_finds_what_a_person_asks_for(visit):
    page = visit("search.html?q=patient+leakage")
    page.locator("#search-results li a").first.wait_for()
    assert "leak" in page.locator("#search-results").inner_text().lower()
