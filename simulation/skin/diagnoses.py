"""What each diagnosis tends to look like: signs are drawn first and rendered later.

Rates with a source are cited in data/DATASHEETS.md; the others are unchecked defaults, chosen so
that the diagnoses overlap. Another sign is an entry in `SIGNS` and `RATES`, a painter in
`structures.PAINTERS`, and a line in the datasheet.
"""

import numpy as np
from scipy.special import ndtr

# The order, and the names, of the real DermaMNIST.
DIAGNOSES = {
    "akiec": "actinic keratosis or intraepithelial carcinoma",
    "bcc": "basal cell carcinoma",
    "bkl": "benign keratosis",
    "df": "dermatofibroma",
    "mel": "melanoma",
    "nv": "nevus",
    "vasc": "vascular lesion",
}
MALIGNANT = ("akiec", "bcc", "mel")
MELANOCYTIC = ("mel", "nv")
# Images of each diagnosis among the 10,015 of HAM10000.
NATURAL_COUNTS = {
    "akiec": 327, "bcc": 514, "bkl": 1099, "df": 115, "mel": 1113, "nv": 6705, "vasc": 142,
}  # fmt: skip
SIGNS = (
    "streaks", "dots", "globules", "blotch", "veil", "regression", "structureless",
    "arborizing_vessels", "nests", "leaf_like", "ulceration", "cysts", "comedo_openings",
    "moth_eaten", "pseudo_network", "scale", "white_patch", "lacunae",
)  # fmt: skip
NETWORKS = ("none", "typical", "atypical")

# Rates over all lesions of a diagnosis, mimics included.
RATES = {
    "akiec": {"pseudo_network": 0.68, "scale": 0.60, "network": (0.10, 0.05), "dots": 0.15,
              "structureless": 0.40, "ulceration": 0.08, "arborizing_vessels": 0.06},
    "bcc": {"arborizing_vessels": 0.52, "nests": 0.50, "leaf_like": 0.20, "ulceration": 0.27,
            "structureless": 0.40, "white_patch": 0.10, "scale": 0.12, "dots": 0.20},
    "bkl": {"cysts": 0.60, "comedo_openings": 0.60, "moth_eaten": 0.46, "network": (0.34, 0.08),
            "structureless": 0.40, "veil": 0.05, "regression": 0.10, "dots": 0.12, "blotch": 0.12,
            "arborizing_vessels": 0.08, "scale": 0.15, "globules": 0.12, "pseudo_network": 0.06},
    "df": {"white_patch": 0.57, "network": (0.69, 0.03), "structureless": 0.40, "dots": 0.08,
           "scale": 0.06},
    "mel": {"veil": 0.40, "network": (0.12, 0.63), "regression": 0.38, "streaks": 0.35,
            "dots": 0.36, "globules": 0.32, "blotch": 0.50, "structureless": 0.55,
            "arborizing_vessels": 0.12, "ulceration": 0.05, "white_patch": 0.03, "cysts": 0.05,
            "comedo_openings": 0.03},
    "nv": {"veil": 0.04, "network": (0.45, 0.15), "regression": 0.08, "streaks": 0.08,
           "dots": 0.14, "globules": 0.14, "blotch": 0.07, "structureless": 0.35,
           "comedo_openings": 0.03, "cysts": 0.05, "arborizing_vessels": 0.03},
    "vasc": {"lacunae": 0.85, "structureless": 0.30, "veil": 0.08, "blotch": 0.15},
}  # fmt: skip
# Shares of lesions with 0, 1 and 2 axes of asymmetry.
ASYMMETRY = {
    "akiec": (0.25, 0.30, 0.45), "bcc": (0.30, 0.32, 0.38), "bkl": (0.32, 0.34, 0.34),
    "df": (0.60, 0.26, 0.14), "mel": (0.12, 0.05, 0.82), "nv": (0.70, 0.18, 0.12),
    "vasc": (0.50, 0.25, 0.25),
}  # fmt: skip
# Mean number of the eight border segments that end abruptly.
ABRUPT = {"akiec": 1.0, "bcc": 2.0, "bkl": 4.5, "df": 0.4, "mel": 3.2, "nv": 1.2, "vasc": 5.5}
# Median diameter in mm; the spread gives the reported shares above 6 mm.
DIAMETER_MM = {
    "akiec": 7.5, "bcc": 6.6, "bkl": 7.2, "df": 5.6, "mel": 8.2, "nv": 5.7, "vasc": 4.6,
}  # fmt: skip
_DIAMETER_SPREAD = 0.45
# Share drawn without, and with, the signs that mislead: featureless cancers, alarming nevi.
MIMICS = {
    "akiec": 0.20, "bcc": 0.18, "bkl": 0.20, "df": 0.15, "mel": 0.22, "nv": 0.14, "vasc": 0.08,
}  # fmt: skip
AGE = {
    "akiec": (67, 11), "bcc": (67, 13), "bkl": (64, 13), "df": (52, 14), "mel": (61, 15),
    "nv": (47, 15), "vasc": (52, 18),
}  # fmt: skip
# Signs hang together: share of a sign's chance that the latent suspicion decides.
_TIE = 0.6
# Values, or bounds, of what can be changed by hand.
CHANGEABLE = dict.fromkeys(SIGNS, (False, True)) | {
    "network": NETWORKS,
    "asymmetry": [0, 2],
    "abrupt_segments": [0, 8],
    "diameter_mm": [2, 18],
}


def draw_signs(rng, diagnosis):
    """Draw what a lesion will show.

    One bool per sign, `network`, `asymmetry` (0 to 2 axes), `abrupt_segments` (0 to 8),
    `diameter_mm`, `mimic` (drawn to mislead), and `latent`, the standard normal suspicion that
    ties the signs together.

    >>> signs = draw_signs(np.random.default_rng(1), "mel")
    >>> signs["network"] in NETWORKS, signs["lacunae"]
    (True, False)
    """
    latent = float(rng.standard_normal())
    mimic = bool(rng.random() < MIMICS[diagnosis])

    def chance():
        return float(ndtr(_TIE * latent + np.sqrt(1 - _TIE**2) * rng.standard_normal()))

    rates = _rates(diagnosis, mimic)
    signs = {name: chance() > 1 - rates.get(name, 0.0) for name in SIGNS}
    typical, atypical = rates.get("network", (0.0, 0.0))
    u = chance()
    signs["network"] = NETWORKS[2 if u > 1 - atypical else 1 if u < typical else 0]
    none, one, _ = _asymmetry(diagnosis, mimic)
    u = chance()
    signs["asymmetry"] = 0 if u < none else 1 if u < none + one else 2
    mean = ABRUPT["nv" if mimic and diagnosis == "mel" else diagnosis]
    signs["abrupt_segments"] = int(np.clip(round(mean + 1.6 * (3.4 * (chance() - 0.5))), 0, 8))
    size = DIAMETER_MM[diagnosis] * np.exp(_DIAMETER_SPREAD * rng.standard_normal())
    signs["diameter_mm"] = float(np.clip(size, 2.0, 18.0))
    signs["mimic"], signs["latent"] = mimic, latent
    return signs


def _rates(diagnosis, mimic):
    """Rates within the mimics or the others, so that both together have those of RATES.

    A mimic shows the diagnosis' own signs at the rates of the one it is taken for: melanomas
    those of nevi and nevi those of melanomas (half way), the others a quarter of their own.
    """
    own, share = RATES[diagnosis], MIMICS[diagnosis]
    twin = {"mel": "nv", "nv": "mel"}.get(diagnosis)

    def within(rate, other):
        taken = other if diagnosis == "mel" else 0.5 * (rate + other) if twin else 0.25 * rate
        taken = min(taken, rate / share)
        rest = (rate - share * taken) / (1 - share)
        return float(taken if mimic else np.clip(rest, 0, 1))

    other = RATES[twin] if twin else {}
    rates = {
        name: within(own.get(name, 0.0), other.get(name, 0.0))
        for name in {*own, *other} - {"network"}
    }
    pairs = zip(own.get("network", (0, 0)), other.get("network", (0, 0)), strict=True)
    rates["network"] = tuple(within(a, b) for a, b in pairs)
    return rates


def _asymmetry(diagnosis, mimic):
    """As `_rates`, for the axes of asymmetry."""
    own, share = np.array(ASYMMETRY[diagnosis]), MIMICS[diagnosis]
    twin = np.array(ASYMMETRY[{"mel": "nv", "nv": "mel"}.get(diagnosis, diagnosis)])
    # A featureless melanoma keeps some asymmetry; the reported total leaves no room for more.
    taken = np.minimum(0.5 * own + 0.5 * twin, own / share)
    rest = np.clip((own - share * taken) / (1 - share), 0, 1)
    shares = taken if mimic else rest
    return shares / shares.sum()


def draw_age(rng, diagnosis):
    """Return an age in years, in steps of 5 from 5 to 85, older for carcinomas and keratoses."""
    mean, spread = AGE[diagnosis]
    return int(np.clip(5 * round(rng.normal(mean, spread) / 5), 5, 85))


def total_score(signs, colors):
    """Return the total dermoscopy score of the ABCD rule.

    It is 1.3 A + 0.1 B + 0.5 C + 0.5 D; below 4.75 benign, above 5.45 melanoma. `colors` counts
    those that the lesion has of the six.

    >>> signs = draw_signs(np.random.default_rng(1), "nv")
    >>> calm = dict.fromkeys(SIGNS, False) | {"network": "typical", "asymmetry": 0}
    >>> round(total_score(signs | calm | {"abrupt_segments": 2}, colors=2), 2)
    1.7
    """
    kinds = ("structureless", "streaks", "dots", "globules")
    structures = sum(signs[name] for name in kinds) + (signs["network"] != "none")
    asymmetry, border = signs["asymmetry"], signs["abrupt_segments"]
    return 1.3 * asymmetry + 0.1 * border + 0.5 * colors + 0.5 * max(structures, 1)


def log_likelihoods(signs):
    """Return the log probability of the signs under each diagnosis, as if independent."""
    total = np.zeros(len(DIAGNOSES))
    for j, diagnosis in enumerate(DIAGNOSES):
        rates = RATES[diagnosis]
        for name in SIGNS:
            rate = np.clip(rates.get(name, 0.0), 0.015, 0.97)
            total[j] += np.log(rate if signs[name] else 1 - rate)
        typical, atypical = rates.get("network", (0.0, 0.0))
        shares = dict(zip(NETWORKS, (1 - typical - atypical, typical, atypical), strict=True))
        total[j] += np.log(max(shares[signs["network"]], 0.015))
        total[j] += np.log(ASYMMETRY[diagnosis][signs["asymmetry"]])
        total[j] -= (signs["abrupt_segments"] - ABRUPT[diagnosis]) ** 2 / (2 * 1.7**2)
        gap = np.log(signs["diameter_mm"] / DIAMETER_MM[diagnosis]) / _DIAMETER_SPREAD
        total[j] -= gap**2 / 2
    return total


def suspicion(signs):
    """Return the log odds of malignancy that a careful reader would see in the signs.

    Melanoma, carcinoma or actinic keratosis against the rest, in the mix of HAM10000.
    """
    mix = np.array(list(NATURAL_COUNTS.values()), float)
    evidence = log_likelihoods(signs) + np.log(mix / mix.sum())
    bad = np.isin(list(DIAGNOSES), MALIGNANT)
    return float(np.logaddexp.reduce(evidence[bad]) - np.logaddexp.reduce(evidence[~bad]))


def noisy_reading(rng, signs, diagnosis):
    """Return the diagnosis that a fallible reader would write down.

    The reader weighs the signs, knows a little more than they say, and wavers; so readings go
    wrong where signs mislead or say little, not uniformly.
    """
    names = list(DIAGNOSES)
    score = log_likelihoods(signs) + 1.2 * rng.gumbel(size=len(names))
    score[names.index(diagnosis)] += 2.5
    return names[int(np.argmax(score))]


def natural_weights(labels, groups, parts):
    """Return a weight (n,) for each image that restores the mix of diagnoses in HAM10000.

    Labels are positions in `DIAGNOSES`, groups are lesions. Within each part the weights have mean
    1 over lesions, and they are the same for all images of a lesion.

    >>> natural_weights(np.array([4, 5]), np.array(["a", "b"]), np.array(["test", "test"])).round(2)
    array([0.28, 1.72])
    """
    natural = np.array(list(NATURAL_COUNTS.values()), float)
    weights = np.zeros(len(labels))
    for part in np.unique(parts):
        mine = np.flatnonzero(parts == part)
        _, first = np.unique(groups[mine], return_index=True)
        drawn = np.bincount(labels[mine][first], minlength=len(natural)).astype(float)
        ratio = np.divide(natural, drawn, out=np.zeros_like(natural), where=drawn > 0)
        weights[mine] = ratio[labels[mine]] * drawn.sum() / natural[drawn > 0].sum()
    return weights
