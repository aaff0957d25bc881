"""What each kind of tumor tends to look like: signs are drawn first and rendered later.

Rates with a source are cited in data/DATASHEETS.md; the others are unchecked defaults, chosen so
that the two kinds overlap. Another sign that is there or not: an entry in `FLAGS`, what it does to
the image in `tumors.tumor_fractions`, and a line in the datasheet.
"""

import numpy as np

DIAGNOSES = ("meningioma-like", "glioma-like", "no tumor")
_MENINGIOMA, _GLIOMA = DIAGNOSES[:2]

# Shares in meningioma-like and in glioma-like tumors.
_CHOICES = {
    "pattern": {
        _MENINGIOMA: {"homogeneous": 0.70, "heterogeneous": 0.15, "ring": 0.09, "faint": 0.06},
        _GLIOMA: {
            "ring": 0.46, "nodular": 0.14, "homogeneous": 0.10, "faint": 0.18, "none": 0.12,
        },
    },
    "place": {
        _MENINGIOMA: {
            "convexity": 0.46, "falx": 0.22, "sphenoid": 0.13, "olfactory": 0.07,
            "posterior": 0.08, "ventricle": 0.03,
        },
        _GLIOMA: {"convexity": 0.15, "lobar": 0.69, "callosal": 0.12, "posterior": 0.04},
    },
}  # fmt: skip
# Rates in meningioma-like and in glioma-like tumors.
FLAGS = {
    "dural_tail": (0.59, 0.06),
    "csf_cleft": (0.55, 0.04),
    "edema": (0.48, 0.85),
    "calcified": (0.15, 0.03),
}
_ROUGH = (0.22, 0.75)
# What training shows besides, and no patient of the embedded set has.
RARE = {"pattern": ("dark",), "place": ("sellar",)}
# Values, or bounds, of what can be changed by hand; `pattern` and `enhancement` go together.
CHANGEABLE = {
    **{
        name: tuple(dict.fromkeys([*m[_MENINGIOMA], *m[_GLIOMA], *RARE[name]]))
        for name, m in _CHOICES.items()
    },
    **dict.fromkeys(FLAGS, (False, True)),
    "enhancement": [0.0, 1.0],
    "irregularity": [0.05, 0.3],
    "mass_effect": [0.35, 0.95],
    "core_cm3": [0.5, 80.0],
    "edema_cm3": [0.0, 130.0],
    "rim_mm": [2.0, 5.0],
}


def _choose(rng, rates):
    # Drawn by one uniform number so that changed rates disturb no other choice.
    edges = np.cumsum(list(rates.values()))
    return list(rates)[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]


def draw_signs(rng, diagnosis):
    """Draw the signs of one tumor: place, pattern and strength of enhancement, volumes, flags.

    >>> signs = draw_signs(np.random.default_rng(0), "glioma-like")
    >>> 5 <= signs["core_cm3"] <= 80
    True
    """
    glioma = diagnosis == _GLIOMA
    # One distribution for both kinds: size must not tell them apart.
    signs = {"core_cm3": float(np.clip(22 * np.exp(0.7 * rng.standard_normal()), 5, 80))}
    signs |= {name: _choose(rng, mix[diagnosis]) for name, mix in _CHOICES.items()}
    signs |= {name: bool(rng.random() < rates[glioma]) for name, rates in FLAGS.items()}
    if signs["place"] in ("lobar", "ventricle", "callosal"):
        signs["dural_tail"] = False
    u = rng.random(5)
    weak = {"faint": 0.10 + 0.22 * u[0], "none": 0.0}
    strong = 0.55 + 0.35 * u[0] if glioma else 0.75 + 0.25 * u[0]
    signs["enhancement"] = float(weak.get(signs["pattern"], strong))
    rough = u[1] < _ROUGH[glioma]
    signs["irregularity"] = float(0.16 + 0.14 * u[2] if rough else 0.05 + 0.07 * u[2])
    signs["mass_effect"] = float(0.35 + 0.45 * u[3] if glioma else 0.60 + 0.35 * u[3])
    ratio = np.exp(0.6 * rng.standard_normal()) * (1.4 if glioma else 1.2)
    edema_cm3 = float(np.clip(ratio * signs["core_cm3"], 3, 130))
    signs["edema_cm3"] = edema_cm3 if signs["edema"] else 0.0
    signs["rim_mm"] = float(2.0 + 3.0 * u[4])
    return signs


def suspicion(signs):
    """Return the log odds of glioma that a careful reader would see in the signs.

    The sum of the log rate ratios of the signs, as if they were independent.
    """
    total = 0.0
    for name, mix in _CHOICES.items():
        glioma, meningioma = (mix[kind].get(signs[name], 0.015) for kind in (_GLIOMA, _MENINGIOMA))
        total += np.log(glioma / meningioma)
    for name, (m, g) in FLAGS.items():
        total += np.log(g / m) if signs[name] else np.log((1 - g) / (1 - m))
    m, g = _ROUGH
    rough = signs["irregularity"] > 0.14
    return float(total + (np.log(g / m) if rough else np.log((1 - g) / (1 - m))))


def noisy_reading(rng, signs, diagnosis):
    """Return the diagnosis that a fallible reader would write down.

    Readings go wrong where the signs contradict the truth or say little, not uniformly.
    """
    toward_truth = suspicion(signs) * (1 if diagnosis == _GLIOMA else -1)
    wrong = 0.45 / (1 + np.exp(0.6 * (toward_truth - 1.5)))
    if rng.random() >= wrong:
        return diagnosis
    return _MENINGIOMA if diagnosis == _GLIOMA else _GLIOMA
