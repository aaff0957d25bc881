"""What each kind of lesion tends to look like: signs are drawn first and rendered later.

The words are those of the BI-RADS lexicon. Rates with a source are cited in data/DATASHEETS.md;
the others are unchecked defaults. Within a kind the signs are tied through one latent number: a
lesion that is suspicious in one way tends to be so in others.
"""

import numpy as np
from scipy.special import ndtr, ndtri

CLASSES = ("normal or benign", "malignant")
NORMAL = "normal tissue"

# Each sign's words, from the least to the most suspicious one.
SIGNS = {
    "shape": ("oval", "round", "irregular"),
    "orientation": ("parallel", "not parallel"),
    "margin": ("circumscribed", "indistinct", "microlobulated", "angular", "spiculated"),
    "echo": ("anechoic", "isoechoic", "hypoechoic", "heterogeneous", "markedly hypoechoic"),
    "posterior": ("enhancement", "none", "shadow"),
    "halo": ("absent", "present"),
    "calcification": ("coarse", "none", "fine"),
}
# How strongly the latent number drives each sign.
_LOADING = 0.4

# Share of each kind within malignant and within benign lesions.
MALIGNANT_KINDS = {"invasive carcinoma": 0.85, "circumscribed carcinoma": 0.15}
BENIGN_KINDS = {
    "fibroadenoma": 0.42,
    "cyst": 0.26,
    "complicated cyst": 0.08,
    "adenosis": 0.11,
    "scar": 0.08,
    "fat lobule": 0.05,
}
KINDS = (*MALIGNANT_KINDS, *BENIGN_KINDS, NORMAL)

RATES = {
    "invasive carcinoma": {
        "shape": (0.18, 0.02, 0.80), "orientation": (0.43, 0.57),
        "margin": (0.03, 0.28, 0.22, 0.32, 0.15), "echo": (0.00, 0.04, 0.36, 0.25, 0.35),
        "posterior": (0.08, 0.34, 0.58), "halo": (0.62, 0.38),
        "calcification": (0.01, 0.67, 0.32),
    },
    "circumscribed carcinoma": {
        "shape": (0.66, 0.09, 0.25), "orientation": (0.70, 0.30),
        "margin": (0.70, 0.13, 0.10, 0.05, 0.02), "echo": (0.01, 0.07, 0.50, 0.22, 0.20),
        "posterior": (0.55, 0.37, 0.08), "halo": (0.90, 0.10),
        "calcification": (0.02, 0.80, 0.18),
    },
    "fibroadenoma": {
        "shape": (0.82, 0.08, 0.10), "orientation": (0.92, 0.08),
        "margin": (0.78, 0.12, 0.08, 0.018, 0.002), "echo": (0.00, 0.30, 0.57, 0.10, 0.03),
        "posterior": (0.28, 0.66, 0.06), "halo": (0.97, 0.03),
        "calcification": (0.08, 0.89, 0.03),
    },
    "cyst": {
        "shape": (0.66, 0.29, 0.05), "orientation": (0.88, 0.12),
        "margin": (0.90, 0.06, 0.036, 0.003, 0.001), "echo": (0.93, 0.00, 0.05, 0.01, 0.01),
        "posterior": (0.85, 0.14, 0.01), "halo": (0.99, 0.01),
        "calcification": (0.02, 0.97, 0.01),
    },
    "complicated cyst": {
        "shape": (0.72, 0.20, 0.08), "orientation": (0.85, 0.15),
        "margin": (0.75, 0.15, 0.08, 0.018, 0.002), "echo": (0.05, 0.12, 0.45, 0.28, 0.10),
        "posterior": (0.50, 0.44, 0.06), "halo": (0.96, 0.04),
        "calcification": (0.03, 0.93, 0.04),
    },
    "adenosis": {
        "shape": (0.40, 0.05, 0.55), "orientation": (0.82, 0.18),
        "margin": (0.20, 0.44, 0.22, 0.13, 0.01), "echo": (0.00, 0.22, 0.55, 0.18, 0.05),
        "posterior": (0.08, 0.78, 0.14), "halo": (0.93, 0.07),
        "calcification": (0.05, 0.80, 0.15),
    },
    "scar": {
        "shape": (0.12, 0.03, 0.85), "orientation": (0.60, 0.40),
        "margin": (0.03, 0.45, 0.05, 0.35, 0.12), "echo": (0.00, 0.05, 0.45, 0.20, 0.30),
        "posterior": (0.03, 0.37, 0.60), "halo": (0.85, 0.15),
        "calcification": (0.14, 0.80, 0.06),
    },
    "fat lobule": {
        "shape": (0.92, 0.03, 0.05), "orientation": (0.98, 0.02),
        "margin": (0.60, 0.37, 0.02, 0.009, 0.001), "echo": (0.00, 0.88, 0.12, 0.00, 0.00),
        "posterior": (0.05, 0.92, 0.03), "halo": (0.99, 0.01),
        "calcification": (0.00, 1.00, 0.00),
    },
}  # fmt: skip
# Median of the longest diameter in mm.
_SIZE_MM = {
    "invasive carcinoma": 19.0,
    "circumscribed carcinoma": 17.0,
    "fibroadenoma": 14.0,
    "cyst": 11.5,
    "complicated cyst": 12.5,
    "adenosis": 13.0,
    "scar": 14.0,
    "fat lobule": 13.0,
}
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
# Stands for "certainly not": there is nothing to suspect.
NO_LESION_SUSPICION = -9.0


def is_malignant(kind):
    """Return whether a kind of tissue counts as malignant."""
    return kind in MALIGNANT_KINDS


def draw_signs(rng, kind):
    """Draw the signs of one lesion.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every random choice.
    kind : str
        One of `KINDS` other than normal tissue.

    Returns
    -------
    dict
        One word for each of `SIGNS`, and ``size_mm``, the longest diameter.

    Raises
    ------
    ValueError
        If `kind` is not a kind of lesion.

    Examples
    --------
    >>> signs = draw_signs(np.random.default_rng(0), "cyst")
    >>> signs["echo"], signs["posterior"]
    ('anechoic', 'enhancement')
    """
    if kind not in RATES:
        raise ValueError(
            f"kind is {kind!r}; allowed: {', '.join(RATES)}. Normal tissue has no signs to draw."
        )
    latent = rng.standard_normal()
    signs = {}
    for name, words in SIGNS.items():
        own = np.sqrt(1 - _LOADING**2) * rng.standard_normal()
        place = ndtr(_LOADING * latent + own) * (1 - 1e-9)
        at = int(np.searchsorted(np.cumsum(RATES[kind][name])[:-1], place, side="right"))
        signs[name] = words[at]
    size = _SIZE_MM[kind] * np.exp(0.45 * rng.standard_normal())
    signs["size_mm"] = float(np.clip(size, 5, 38))
    return signs


def _likelihood(signs, kind):
    """Probability of the words given the kind, averaged over the latent number."""
    given = np.ones(len(_NODES))
    spread = np.sqrt(1 - _LOADING**2)
    for name, words in SIGNS.items():
        edges = ndtri(np.clip(np.concatenate([[0], np.cumsum(RATES[kind][name])]), 0, 1))
        at = words.index(signs[name])
        low, high = ((edges[i] - _LOADING * _NODES) / spread for i in (at, at + 1))
        given = given * (ndtr(high) - ndtr(low) + 1e-6)
    return float(given @ _WEIGHTS / _WEIGHTS.sum())


def suspicion(signs):
    """Return the log odds of malignancy given the signs, at even odds beforehand.

    Parameters
    ----------
    signs : dict or None
        From `draw_signs`; None for normal tissue.

    Returns
    -------
    float
        Log of the ratio of the signs' probabilities among malignant and among benign lesions,
        by Bayes' rule over all kinds; `NO_LESION_SUSPICION` where there is no lesion.
    """
    if signs is None:
        return NO_LESION_SUSPICION
    chances = (
        sum(share * _likelihood(signs, kind) for kind, share in kinds.items())
        for kinds in (MALIGNANT_KINDS, BENIGN_KINDS)
    )
    malignant, benign = chances
    return float(np.log(malignant / benign))


def noisy_reading(rng, signs):
    """Return the class that a fallible reader would write down.

    The reader perceives the suspicion with an error, so that readings go wrong near the boundary
    and wherever the signs themselves mislead.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the reader's chance.
    signs : dict or None
        From `draw_signs`; None for normal tissue.

    Returns
    -------
    str
        One of `CLASSES`.
    """
    perceived = suspicion(signs) + 1.5 * rng.standard_normal()
    return CLASSES[int(perceived > 0.6)]
