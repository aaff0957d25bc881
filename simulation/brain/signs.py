"""What each kind of tumor tends to look like: signs are drawn first and rendered later.

Rates with a source are cited in data/DATASHEETS.md; the others are unchecked defaults, chosen so
that the two kinds overlap.
"""

import numpy as np

DIAGNOSES = ("meningioma-like", "glioma-like", "no tumor")
PATTERNS = ("homogeneous", "heterogeneous", "ring", "nodular", "faint", "none")
PLACES = (
    "convexity",
    "falx",
    "sphenoid",
    "olfactory",
    "posterior",
    "ventricle",
    "lobar",
    "callosal",
)

_PATTERN_RATES = {
    "meningioma-like": {"homogeneous": 0.70, "heterogeneous": 0.15, "ring": 0.09, "faint": 0.06},
    "glioma-like": {
        "ring": 0.46,
        "nodular": 0.14,
        "homogeneous": 0.10,
        "faint": 0.18,
        "none": 0.12,
    },
}
_PLACE_RATES = {
    "meningioma-like": {
        "convexity": 0.46, "falx": 0.22, "sphenoid": 0.13, "olfactory": 0.07, "posterior": 0.08,
        "ventricle": 0.03,
    },
    "glioma-like": {"convexity": 0.15, "lobar": 0.69, "callosal": 0.12, "posterior": 0.04},
}  # fmt: skip
_SIGN_RATES = {
    "meningioma-like": {"dural_tail": 0.59, "csf_cleft": 0.55, "edema": 0.48, "calcified": 0.15},
    "glioma-like": {"dural_tail": 0.06, "csf_cleft": 0.04, "edema": 0.85, "calcified": 0.03},
}


def _choose(rng, rates):
    # Drawn by one uniform number so that changed rates disturb no other choice.
    edges = np.cumsum(list(rates.values()))
    return list(rates)[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]


def draw_signs(rng, diagnosis):
    """Draw the signs of one tumor.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every random choice.
    diagnosis : {'meningioma-like', 'glioma-like'}
        The tumor's kind.

    Returns
    -------
    dict
        Place, enhancement pattern and strength (0 to 1), shape, volume of the core in cm³, and
        one bool per sign.

    Raises
    ------
    ValueError
        If `diagnosis` is not one of the two.

    Examples
    --------
    >>> signs = draw_signs(np.random.default_rng(0), "glioma-like")
    >>> 5 <= signs["core_cm3"] <= 80
    True
    """
    if diagnosis not in _PATTERN_RATES:
        raise ValueError(
            f"diagnosis is {diagnosis!r}; allowed: {sorted(_PATTERN_RATES)}. "
            "A patient without a tumor has no signs to draw."
        )
    glioma = diagnosis == "glioma-like"
    signs = {
        # One distribution for both kinds: size must not tell them apart.
        "core_cm3": float(np.clip(22 * np.exp(0.7 * rng.standard_normal()), 5, 80)),
        "pattern": _choose(rng, _PATTERN_RATES[diagnosis]),
        "place": _choose(rng, _PLACE_RATES[diagnosis]),
    }
    for name, rate in _SIGN_RATES[diagnosis].items():
        signs[name] = bool(rng.random() < rate)
    if signs["place"] in ("lobar", "ventricle", "callosal"):
        signs["dural_tail"] = False
    u = rng.random(5)
    weak = {"faint": 0.10 + 0.22 * u[0], "none": 0.0}
    strong = 0.55 + 0.35 * u[0] if glioma else 0.75 + 0.25 * u[0]
    signs["enhancement"] = float(weak.get(signs["pattern"], strong))
    rough = u[1] < (0.75 if glioma else 0.22)
    signs["irregularity"] = float(0.16 + 0.14 * u[2] if rough else 0.05 + 0.07 * u[2])
    signs["mass_effect"] = float(0.35 + 0.45 * u[3] if glioma else 0.60 + 0.35 * u[3])
    ratio = np.exp(0.6 * rng.standard_normal()) * (1.4 if glioma else 1.2)
    edema_cm3 = float(np.clip(ratio * signs["core_cm3"], 3, 130))
    signs["edema_cm3"] = edema_cm3 if signs["edema"] else 0.0
    signs["rim_mm"] = float(2.0 + 3.0 * u[4])
    return signs


def suspicion(signs):
    """Return the log odds of glioma that a careful reader would see in the signs.

    Parameters
    ----------
    signs : dict
        From `draw_signs`.

    Returns
    -------
    float
        Sum of log rate ratios of the signs, as if they were independent.
    """
    men, gli = "meningioma-like", "glioma-like"
    total = 0.0
    for table in (_PATTERN_RATES, _PLACE_RATES):
        key = "pattern" if table is _PATTERN_RATES else "place"
        value = signs[key]
        total += np.log(table[gli].get(value, 0.015) / table[men].get(value, 0.015))
    for name in _SIGN_RATES[men]:
        g, m = _SIGN_RATES[gli][name], _SIGN_RATES[men][name]
        total += np.log(g / m) if signs[name] else np.log((1 - g) / (1 - m))
    rough = signs["irregularity"] > 0.14
    return float(total + (np.log(0.75 / 0.22) if rough else np.log(0.25 / 0.78)))


def noisy_reading(rng, signs, diagnosis):
    """Return the diagnosis that a fallible reader would write down.

    Readings go wrong where the signs contradict the truth or say little, not uniformly.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the reader's chance.
    signs : dict
        From `draw_signs`.
    diagnosis : str
        The true kind.

    Returns
    -------
    str
        'meningioma-like' or 'glioma-like'.
    """
    toward_truth = suspicion(signs) * (1 if diagnosis == "glioma-like" else -1)
    wrong = 0.45 / (1 + np.exp(0.6 * (toward_truth - 1.5)))
    if rng.random() >= wrong:
        return diagnosis
    return "meningioma-like" if diagnosis == "glioma-like" else "glioma-like"
