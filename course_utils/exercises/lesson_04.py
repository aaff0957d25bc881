"""Exercises of lesson 04, the first CNN."""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from course_utils.exercises.exercise import Exercise, Several, choice, judged


def _network(rescaling=(2 / 255, -1), shape=(64, 64, 1), maximum="Max", **activations):
    """Return a function that builds the network of exercise 4.1, right or with one thing wrong."""

    def build(filters):
        # Imported here, since Keras loads TensorFlow.
        from course_utils._tensorflow import keras

        first, last = activations.get("first", "relu"), activations.get("last", "sigmoid")
        layers = keras.layers
        parts = [keras.Input(shape), layers.Conv2D(filters, 3, activation=first)]
        parts[1:1] = [layers.Rescaling(*rescaling)] if rescaling else []
        parts += [getattr(layers, f"Global{maximum}Pooling2D")(), layers.Dense(1, activation=last)]
        network = keras.Sequential(parts)
        network.compile("adam", activations.get("loss", "binary_crossentropy"), ["accuracy"])
        return network

    return build


_WRONG_NETWORKS = {
    "It works on the pixels as they come, 0 to 255: begin with a Rescaling layer.": _network(None),
    "Its pixels go from 0 to 1; -1 to 1 is asked for.": _network((1 / 255,)),
    "It takes the average of each map; the maximum is asked for.": _network(maximum="Average"),
    "The convolution has no ReLU.": _network(first=None),
    "The last layer has no sigmoid, so its output is no probability.": _network(last=None),
}


@judged("4.1", _network(), "It has 89 parameters, whatever the size of the picture.")
def check_4_1(small_network):
    network, reference = small_network(8), _network()(8)
    if not hasattr(network, "count_params"):
        return f"Your function returns a {type(network).__name__}; return the Keras model."
    if not network.built:
        return "The network does not know its input: begin with `keras.Input((64, 64, 1))`."
    if tuple(network.input_shape) != (None, 64, 64, 1):
        return f"The input has shape {network.input_shape[1:]}; it should be (64, 64, 1)."
    if tuple(network.output_shape) != (None, 1):
        return f"The output has shape {network.output_shape[1:]}; it should be one number, (1,)."
    if network.count_params() == small_network(16).count_params():
        return "Your function does not use `filters`: with 8 and with 16 it builds the same."
    if [w.shape for w in network.get_weights()] != [w.shape for w in reference.get_weights()]:
        return (
            f"With 8 filters there are {network.count_params()} parameters; there should be 89: "
            "one convolution of 3 × 3, the global maximum (not Flatten), one output."
        )
    rng = np.random.default_rng(0)
    pictures = rng.uniform(0, 255, (4, 64, 64, 1)).astype(np.float32)
    weights = [rng.normal(0, 0.3, w.shape) for w in reference.get_weights()]
    weights[1] = np.linspace(-4, 1, 8)  # with these biases it shows whether there is a ReLU

    def answer(model):
        model.set_weights(weights)
        return np.asarray(model(pictures))

    got = answer(network)
    if not np.allclose(got, answer(reference), atol=1e-4):
        for sentence, build in _WRONG_NETWORKS.items():
            if np.allclose(got, answer(build(8)), atol=1e-4):
                return sentence
        return "With the same weights, it gives other outputs than the network that is described."
    if not network.optimizer or "entropy" not in str(network.loss).lower().replace("_", ""):
        return "Compile it with `loss='binary_crossentropy'`, Adam, and the metric accuracy."


def _parameters(side):
    rest = ((side - 2) // 2 - 2) // 2
    return 896 + 18_496 + (rest**2 * 64 + 1) * 128 + 129


def _largest(count, budget):
    return max((side for side in range(10, 400) if count(side) <= budget), default=None)


def _by(side_of_map, *, rest=19_649):
    """Return the answer of somebody who computes the side of the last map in this way."""
    return lambda budget: _largest(lambda side: rest + side_of_map(side) ** 2 * 8192, budget)


check_4_2 = Exercise(
    "4.2",
    lambda budget: _largest(_parameters, budget),
    praise="Only the first dense layer depends on the picture, and it grows with its area.",
    calls=[(1_000_000,), (5_000_000,), (23_907_521,)],
    mistakes={
        "That one is too large already.": lambda budget: _largest(_parameters, budget) + 1,
        "Each convolution without padding takes away 2 pixels of the side.": _by(lambda s: s // 4),
        "Pooling drops a row that is left over: round down.": _by(
            lambda s: -(-(-(-(s - 2) // 2) - 2) // 2)
        ),
        "The network pools twice: 2 × 2 after each convolution.": Several(
            [_by(lambda s: (s - 2) // 2), _by(lambda s: (s - 4) // 2)]
        ),
        "That is the side of the last map; go back to the picture.": Several([10, 11]),
        "The other layers have parameters, too: 19,521 and 128 biases.": _by(
            lambda s: ((s - 2) // 2 - 2) // 2, rest=0
        ),
        "Use `budget`; with 224 pixels the network has 23,907,521.": lambda budget: 224,
    },
)

check_4_3 = choice("4.3")


def _files(folder, layout):
    for place in layout.split():
        path = Path(folder) / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@judged("4.5", ..., "Run it on every folder that you get, before the first training.")
def check_4_5(search):
    # P1 and P10 begin alike; P7 is in two classes of one part; P3 is in validation and test.
    layouts = {
        "train/benign/P1_1 train/benign/P1_2 validation/benign/P10_1 test/malignant/P1_3 "
        "train/malignant/P5_1 validation/malignant/P3_1 test/malignant/P3_2 "
        "train/benign/P7_1 train/malignant/P7_2": {"P1", "P3"},
        "train/benign/A_1 validation/benign/B_1 test/malignant/C_1": set(),
    }
    for layout, expected in layouts.items():
        with tempfile.TemporaryDirectory() as folder:
            _files(folder, layout)
            found = search(Path(folder))
        if not isinstance(found, (set, frozenset, list, tuple, np.ndarray)) or any(
            not isinstance(name, str) for name in found
        ):
            return f"Your function returns {found!r:.80}; return the names of patients."
        found = set(found)
        if found == expected:
            continue
        if any(".png" in name or "_" in name for name in found):
            return "These are files. The patient is what stands before the first `_`."
        if found == {"P1"}:
            return "Compare all three parts: P3 is in validation and in test."
        if "P7" in found:
            return "P7 has pictures of two classes, but in train alone. Compare parts."
        if "P10" in found:
            return "P10 is not P1: compare whole names."
        return (
            f"In a folder with {layout.replace(' ', ', ')} you found {sorted(found) or 'nobody'}; "
            f"expected {sorted(expected) or 'nobody'}."
        )


check_4_4 = choice("4.4")


def _blob(spikes, rng):
    """Draw one simulated lesion, 64 × 64 pixels: an outline that is round, or has spikes."""
    rows, columns = np.mgrid[:64, :64] - rng.uniform(24, 40, (2, 1, 1))
    angle = np.arctan2(rows, columns) * rng.integers(7, 10) + rng.uniform(0, 6)
    radius = rng.uniform(9, 15) * (1 + spikes * np.sin(angle))
    inside = np.hypot(rows, columns) < radius
    image = 75 + 80 * inside + rng.normal(0, 18, (64, 64))
    return image.clip(0, 255).astype(np.uint8)


def _practice(patients, seed):
    """Yield (label, number of the patient, of the picture, picture); two pictures each."""
    rng = np.random.default_rng(seed)
    for patient in range(patients):
        for number in (1, 2):
            spikes = rng.uniform(0.16, 0.35) if patient % 2 else rng.uniform(0, 0.08)
            yield patient % 2, patient, number, _blob(spikes, rng)


def write_practice_pictures(folder):
    """Write 160 simulated patients to folder/train|validation|test/benign|malignant/P001_1.png."""
    for label, patient, number, image in _practice(160, seed=4):
        part = "train" if patient < 100 else "validation" if patient < 130 else "test"
        place = Path(folder) / part / ("benign", "malignant")[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"P{patient:03}_{number}.png")


@judged("4.6", ..., "What you saved works on pictures that neither you nor it has seen.")
def check_4_6(file):
    from course_utils._tensorflow import keras

    if not isinstance(file, (str, Path)):
        return f"Your answer is of type {type(file).__name__}; give the name of the saved file."
    if not Path(file).is_file():
        return f"There is no file {str(file)!r} here: {Path.cwd()}. Save it with `.save(name)`."
    try:
        network = keras.models.load_model(file)
    except ValueError as error:
        return f"Keras cannot load {str(file)!r}: {str(error).splitlines()[0]}"
    height, channels = network.input_shape[1], network.input_shape[-1]
    labels = np.array([label for label, *_ in _practice(80, seed=5)])
    pictures = np.stack([picture for *_, picture in _practice(80, seed=5)])[..., np.newaxis]
    pictures = keras.ops.image.resize(pictures.astype(np.float32), (height, height))
    pictures = np.repeat(np.asarray(pictures), channels, axis=-1)

    def right(factor=1.0, offset=0.0):
        values = network.predict(pictures * factor + offset, verbose=0)
        called = values.argmax(axis=1) if values.shape[-1] == 2 else values[:, -1] >= 0.5
        return (called == labels).mean()

    accuracy = right()
    if accuracy >= 0.8:
        return None
    if accuracy <= 0.2:
        return "It says benign for malignant: the class of label 1 has to be malignant."
    if max(right(1 / 255), right(2 / 255, -1)) >= 0.8:
        return "It knows rescaled pictures only: put the Rescaling layer inside the network."
    return (
        f"On pictures that the check kept it is right in {accuracy:.0%}; 80 % are asked for. Train "
        "until the validation loss no longer falls, then save."
    )
