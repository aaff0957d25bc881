"""Put all figures of the lessons with their alt texts on one page, for looking.

python -m authoring.workshop.contact_sheet [LESSON ...]  writes build/contact.html
"""

import sys
from pathlib import Path

from authoring.workshop.lesson_rules import code_cells
from authoring.workshop.lessons import ROOT, LessonError, figure, find_lessons, read_lesson

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Figures of the course</title>
<style>
body {{ font: 16px/1.4 system-ui, sans-serif; margin: 2rem; }}
section {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); }}
section {{ gap: 2rem; }}
figure {{ margin: 0; }}
img {{ max-width: 100%; border: 1px solid #999; }}
body:has(#gray:checked) img {{ filter: grayscale(1); }}
.missing {{ color: #b00; font-weight: bold; }}
</style>
<h1>Figures of the course</h1>
<p><label><input type="checkbox" id="gray"> without color, as a gray print shows them</label></p>
{lessons}
</html>
"""
FIGURE = """<figure><img src="data:image/png;base64,{png}" alt="{alt}">
<figcaption>cell {number}, {size} kB: {caption}</figcaption></figure>"""


def figures(path):
    """Yield (number of the cell, base64 of the PNG, alt text in HTML) of a lesson's figures."""
    for index, cell in code_cells(read_lesson(path)):
        for shown in filter(None, map(figure, cell.outputs)):
            yield index + 1, shown["png"], shown["alt"]


def contact_sheet(lessons):
    """Return the page, one section per lesson, with nothing to load from elsewhere."""
    parts = []
    for path in lessons:
        shown = [
            FIGURE.format(
                png=png,
                alt=alt,
                number=number,
                size=len(png) * 3 // 4000,
                caption=alt or '<span class="missing">no alt text</span>',
            )
            for number, png, alt in figures(path)
        ]
        title = f"<h2>{path.stem}: {len(shown)} figures</h2>"
        parts.append(title + "<section>" + "\n".join(shown) + "</section>")
    return PAGE.format(lessons="\n".join(parts))


def write_contact_sheet(lessons, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(contact_sheet(lessons), encoding="utf-8")


def main(names):
    path = ROOT / "build" / "contact.html"
    try:
        write_contact_sheet(find_lessons(names), path)
    except LessonError as error:
        print(error, file=sys.stderr)
        return 2
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    print(f"open {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
