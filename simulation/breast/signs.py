"""What each kind of lesion tends to look like: signs are drawn first and rendered later.

The words are those of the BI-RADS lexicon. Rates with a source are cited in data/DATASHEETS.md;
the others are unchecked defaults. Within a kind the signs are tied through one latent number: a
lesion that is suspicious in one way tends to be so in others.

Another sign is an entry in `SIGNS`, the function in `lesions.add_lesion` that paints it, and a line
in the datasheet.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

CLASSES = ("normal or benign", "malignant")
NORMAL = "normal tissue"
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
LESIONS = (*MALIGNANT_KINDS, *BENIGN_KINDS)
KINDS = (*LESIONS, NORMAL)


@dataclass(frozen=True)
class Sign:
    """A sign's words, from the least to the most suspicious one, and their rates by kind."""

    words: tuple
    rates: dict


SIGNS = {
    "shape": Sign(
        words=("oval", "round", "irregular"),
        rates={
            "invasive carcinoma": (0.18, 0.02, 0.80),
            "circumscribed carcinoma": (0.66, 0.09, 0.25),
            "fibroadenoma": (0.82, 0.08, 0.10),
            "cyst": (0.66, 0.29, 0.05),
            "complicated cyst": (0.72, 0.20, 0.08),
            "adenosis": (0.40, 0.05, 0.55),
            "scar": (0.12, 0.03, 0.85),
            "fat lobule": (0.92, 0.03, 0.05),
        },
    ),
    "orientation": Sign(
        words=("parallel", "not parallel"),
        rates={
            "invasive carcinoma": (0.43, 0.57),
            "circumscribed carcinoma": (0.70, 0.30),
            "fibroadenoma": (0.92, 0.08),
            "cyst": (0.88, 0.12),
            "complicated cyst": (0.85, 0.15),
            "adenosis": (0.82, 0.18),
            "scar": (0.60, 0.40),
            "fat lobule": (0.98, 0.02),
        },
    ),
    "margin": Sign(
        words=("circumscribed", "indistinct", "microlobulated", "angular", "spiculated"),
        rates={
            "invasive carcinoma": (0.03, 0.28, 0.22, 0.32, 0.15),
            "circumscribed carcinoma": (0.70, 0.13, 0.10, 0.05, 0.02),
            "fibroadenoma": (0.78, 0.12, 0.08, 0.018, 0.002),
            "cyst": (0.90, 0.06, 0.036, 0.003, 0.001),
            "complicated cyst": (0.75, 0.15, 0.08, 0.018, 0.002),
            "adenosis": (0.20, 0.44, 0.22, 0.13, 0.01),
            "scar": (0.03, 0.45, 0.05, 0.35, 0.12),
            "fat lobule": (0.60, 0.37, 0.02, 0.009, 0.001),
        },
    ),
    "echo": Sign(
        words=("anechoic", "isoechoic", "hypoechoic", "heterogeneous", "markedly hypoechoic"),
        rates={
            "invasive carcinoma": (0.00, 0.04, 0.36, 0.25, 0.35),
            "circumscribed carcinoma": (0.01, 0.07, 0.50, 0.22, 0.20),
            "fibroadenoma": (0.00, 0.30, 0.57, 0.10, 0.03),
            "cyst": (0.93, 0.00, 0.05, 0.01, 0.01),
            "complicated cyst": (0.05, 0.12, 0.45, 0.28, 0.10),
            "adenosis": (0.00, 0.22, 0.55, 0.18, 0.05),
            "scar": (0.00, 0.05, 0.45, 0.20, 0.30),
            "fat lobule": (0.00, 0.88, 0.12, 0.00, 0.00),
        },
    ),
    "posterior": Sign(
        words=("enhancement", "none", "shadow"),
        rates={
            "invasive carcinoma": (0.08, 0.34, 0.58),
            "circumscribed carcinoma": (0.55, 0.37, 0.08),
            "fibroadenoma": (0.28, 0.66, 0.06),
            "cyst": (0.85, 0.14, 0.01),
            "complicated cyst": (0.50, 0.44, 0.06),
            "adenosis": (0.08, 0.78, 0.14),
            "scar": (0.03, 0.37, 0.60),
            "fat lobule": (0.05, 0.92, 0.03),
        },
    ),
    "halo": Sign(
        words=("absent", "present"),
        rates={
            "invasive carcinoma": (0.62, 0.38),
            "circumscribed carcinoma": (0.90, 0.10),
            "fibroadenoma": (0.97, 0.03),
            "cyst": (0.99, 0.01),
            "complicated cyst": (0.96, 0.04),
            "adenosis": (0.93, 0.07),
            "scar": (0.85, 0.15),
            "fat lobule": (0.99, 0.01),
        },
    ),
    "calcification": Sign(
        words=("coarse", "none", "fine"),
        rates={
            "invasive carcinoma": (0.01, 0.67, 0.32),
            "circumscribed carcinoma": (0.02, 0.80, 0.18),
            "fibroadenoma": (0.08, 0.89, 0.03),
            "cyst": (0.02, 0.97, 0.01),
            "complicated cyst": (0.03, 0.93, 0.04),
            "adenosis": (0.05, 0.80, 0.15),
            "scar": (0.14, 0.80, 0.06),
            "fat lobule": (0.00, 1.00, 0.00),
        },
    ),
}
# Values, or bounds, of what can be changed by hand.
CHANGEABLE = {name: sign.words for name, sign in SIGNS.items()} | {"size_mm": [3, 40]}
# How strongly the latent number drives each sign.
_LOADING = 0.4
_OWN = np.sqrt(1 - _LOADING**2)
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


def draw_signs(rng, kind):
    """Draw the signs of one lesion: a word for each of `SIGNS`, and the longest diameter in mm.

    >>> signs = draw_signs(np.random.default_rng(0), "cyst")
    >>> signs["echo"], signs["posterior"]
    ('anechoic', 'enhancement')
    """
    latent = rng.standard_normal()
    signs = {}
    for name, sign in SIGNS.items():
        place = ndtr(_LOADING * latent + _OWN * rng.standard_normal()) * (1 - 1e-9)
        edges = np.cumsum(sign.rates[kind])[:-1]
        signs[name] = sign.words[int(np.searchsorted(edges, place, side="right"))]
    size = _SIZE_MM[kind] * np.exp(0.45 * rng.standard_normal())
    signs["size_mm"] = float(np.clip(size, 5, 38))
    return signs


def _likelihood(signs, kind):
    """Probability of the words given the kind, averaged over the latent number."""
    given = np.ones(len(_NODES))
    for name, sign in SIGNS.items():
        edges = ndtri(np.clip(np.concatenate([[0], np.cumsum(sign.rates[kind])]), 0, 1))
        at = sign.words.index(signs[name])
        low, high = ((edges[i] - _LOADING * _NODES) / _OWN for i in (at, at + 1))
        given = given * (ndtr(high) - ndtr(low) + 1e-6)
    return float(given @ _WEIGHTS / _WEIGHTS.sum())


def suspicion(signs):
    """Return the log odds of malignancy given the signs, at even odds beforehand.

    By Bayes' rule over all kinds; `NO_LESION_SUSPICION` where `signs` is None.
    """
    if signs is None:
        return NO_LESION_SUSPICION
    malignant, benign = (
        sum(share * _likelihood(signs, kind) for kind, share in kinds.items())
        for kinds in (MALIGNANT_KINDS, BENIGN_KINDS)
    )
    return float(np.log(malignant / benign))


def noisy_reading(rng, signs):
    """Return the class that a fallible reader would write down.

    The reader perceives the suspicion with an error, so that readings go wrong near the boundary
    and wherever the signs themselves mislead.
    """
    perceived = suspicion(signs) + 1.5 * rng.standard_normal()
    return CLASSES[int(perceived > 0.6)]
