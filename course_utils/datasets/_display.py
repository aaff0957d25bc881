"""Describe a data set, in words and as HTML: its origin, its numbers, a few of its images."""

from __future__ import annotations

import base64
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image

from course_utils.datasets._check import SPLITS

PER_CLASS = 3
MAX_IMAGES = 12
SIDE = 96
GROUP_IN_WORDS = {
    "patient": "a patient",
    "lesion": "a lesion",
    "near-duplicate": "a cluster of near-duplicates",
    "image": "one image",
}


def dataset_text(data):
    """Return a summary in words that names the origin."""
    height, width, channels = data.images.shape[1:]
    masks, n_groups = ", ".join(data.mask_names), len(set(data.groups.tolist()))
    lines = [
        f"ImageDataset {data.name!r}: {data.origin.upper()} images",
        f"{_count(len(data), 'image')}, {height} x {width} px, "
        f"{_count(channels, 'channel')} ({', '.join(data.channel_names)}), {data.images.dtype}",
        f"{_count(n_groups, 'group')}, each {GROUP_IN_WORDS[data.group_kind]}",
    ]
    if data.splits is None:
        lines.append(_part_in_words(data, "no official split", np.ones(len(data), dtype=bool)))
    else:
        parts = {name: data.splits == name for name in SPLITS}
        lines += [_part_in_words(data, name, part) for name, part in parts.items() if part.any()]
    lines.append(f"masks: {masks}" if masks else "no masks")
    return "\n  ".join(lines)


def _part_in_words(data, name, part):
    counts = np.bincount(data.labels[part], minlength=len(data.class_names))
    classes = [f"{c} {k}" for c, k in zip(data.class_names, counts, strict=True) if k]
    return (
        f"{name}: {_count(part.sum(), 'image')}, {_count(len(set(data.groups[part])), 'group')} "
        f"({', '.join(classes)} {'image' if part.sum() == 1 else 'images'})"
    )


def _count(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def dataset_html(data):
    """Return HTML with the origin first and sample images from different groups."""
    samples = "".join(_figure(data, i) for i in _sample_positions(data))
    facts = {"Source": data.source, "License": data.license, "Citation": data.citation}
    facts = "".join(f"<li>{label}: {escape(value)}</li>" for label, value in facts.items())
    return (
        f"<div><p><strong>{escape(data.name)}</strong>: these images are "
        f"<strong>{escape(data.origin)}</strong>.</p><pre>{escape(dataset_text(data))}</pre>"
        f'<div style="display: flex; flex-wrap: wrap; gap: 8px">{samples}</div>'
        f"<ul>{facts}</ul></div>"
    )


def _sample_positions(data):
    """Return the first images of each class, each from another group."""
    n_classes = len(data.class_names)
    per_class = max(1, min(PER_CLASS, MAX_IMAGES // n_classes))
    chosen = []
    for label in range(min(n_classes, MAX_IMAGES)):
        positions = np.flatnonzero(data.labels == label)
        _, first = np.unique(data.groups[positions], return_index=True)
        chosen += list(positions[np.sort(first)[:per_class]])
    return chosen


def _figure(data, i):
    class_name = data.class_names[data.labels[i]]
    channel = "" if data.images.shape[-1] == 3 else f", channel {data.channel_names[0]}"
    alt = f"{data.origin.capitalize()} {data.name} image {i}: class {class_name}{channel}"
    coded = base64.b64encode(_png(data, i)).decode("ascii")
    return (
        f'<figure style="margin: 0; max-width: {SIDE}px">'
        f'<img alt="{escape(alt)}" src="data:image/png;base64,{coded}">'
        f"<figcaption>{escape(class_name)} ({escape(data.origin)})</figcaption></figure>"
    )


def _png(data, i):
    """Return one image as PNG bytes: color as it is, otherwise the first channel in gray."""
    pixels = (data.as_float([i])[0] * 255).round().astype(np.uint8)
    image = Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0])
    scale = SIDE / max(image.size)
    size = tuple(max(1, round(side * scale)) for side in image.size)
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    buffer = BytesIO()
    image.resize(size, method).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
