"""Models trained on simulated T1c slices alone, tried on a folder of real ones.

A small U-Net outlines the tumor core; a compact CNN tells meningioma from glioma. Both see the
simulated T1c channel of the training patients only, and the simulated validation patients choose
the epoch. No real slice trains anything. Dice is computed on the real slices' own pixel grid,
beside that of the brightest blob, once tuned on simulated training slices and once (`FAVORED`)
on real meningiomas, in its favor: the network's difference is taken to the second. Intervals
resample runs of similar consecutive slices, because the patients behind the slices are not known.

--real-data takes a folder in the format of ``brain_t1c/`` with masks, all slices of one size (see
the README). A column ``plane`` (``axial`` or other) replaces the rule in `looks_axial`.
"""

import time

import numpy as np
from PIL import Image
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from authoring.studies import tables
from authoring.studies.brain_slices import SIZE, crop, find_runs, head_box, read_folder, scale
from course_utils import datasets, training
from course_utils._tensorflow import keras

layers, losses, ops = keras.layers, keras.losses, keras.ops
FAVORED = (1.35, 12)
DIAGNOSES = ("meningioma", "glioma", "pituitary")


def read_simulated():
    """Return slices with a tumor, cropped to the head, their core masks, and the data set."""
    data = datasets.load("brain_mri")
    data = data.select(np.flatnonzero(data.attributes["tumor_in_slice"]))
    images, cores = data.images[..., 0], data.mask("core")
    boxes = [head_box(i) for i in images]
    images = np.array([scale(crop(i, b)) for i, b in zip(images, boxes, strict=True)])
    masks = np.array([crop(m, b) > 0.5 for m, b in zip(cores, boxes, strict=True)])
    return images, masks, data


def read_real(folder):
    """Return a table of the real slices and their images, masks, boxes and cropped images."""
    table, originals, masks = read_folder(folder, masks=True)
    boxes = [head_box(i) for i in originals]
    images = np.array([scale(crop(i, b)) for i, b in zip(originals, boxes, strict=True)])
    table["run"] = find_runs(originals, table["diagnosis"].to_numpy())
    if "plane" in table:
        table["axial"] = table["plane"] == "axial"
    else:
        table["axial"] = [looks_axial(i) for i in originals]
    return table, masks, boxes, images


def looks_axial(image):
    """Tell whether a head is an oval on empty background, widest near its middle.

    Other planes continue into the neck, or are widest in their upper part.
    """
    head = ndimage.gaussian_filter(np.asarray(image, np.float32), 2)
    head = head > 0.12 * np.percentile(head, 99)
    rows = np.flatnonzero(head.sum(axis=1) > 8)
    widths = ndimage.gaussian_filter1d(head[rows[0] : rows[-1] + 1].sum(axis=1).astype(float), 5)
    narrow = widths[-max(3, len(widths) // 25) :].mean() < 0.4 * widths.max()
    return bool(narrow and 0.42 < np.argmax(widths) / len(widths) < 0.7)


def to_grid(crops, boxes, shape):
    """Put maps of the cropped heads back on the real slices' own grid."""
    whole = []
    for values, (x0, y0, x1, y1) in zip(crops, boxes, strict=True):
        a, e = SIZE / (x1 - x0), SIZE / (y1 - y0)
        place = (a, 0, -x0 * a, 0, e, -y0 * e)
        image = Image.fromarray(np.asarray(values, np.float32))
        size = (shape[1], shape[0])
        whole.append(np.asarray(image.transform(size, Image.AFFINE, place, Image.BILINEAR)))
    return np.array(whole)


def bend(rng, image, mask):
    """Flip, turn, scale and shift a slice and its mask."""
    angle, size = rng.uniform(-0.25, 0.25), np.exp(rng.uniform(-0.22, 0.22, 2) * [1, 0.4])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ np.diag(size[0] * np.array([size[1], 1 / size[1]]))
    if rng.random() < 0.5:
        turn[:, 1] *= -1
    middle = (SIZE - 1) / 2
    start = middle - turn @ [middle, middle] + rng.uniform(-6, 6, 2)
    image = ndimage.affine_transform(image, turn, start, order=1)
    return image, ndimage.affine_transform(mask.astype(np.float32), turn, start, order=1) > 0.5


def recolor(rng, image):
    """Change sharpness, gray scale, skin, shading and noise of a slice as scanners do."""
    if rng.random() < 0.3:
        image = ndimage.gaussian_filter(image, rng.uniform(0.3, 1.0))
    elif rng.random() < 0.7:
        image = image + rng.uniform(0, 1.5) * (image - ndimage.gaussian_filter(image, 1.0))
    head = image > 6
    depth = ndimage.distance_transform_edt(head)
    skin = 1 / (1 + np.exp((depth - rng.uniform(1, 7)) * 2))
    image = np.clip(image, 0, None) * np.exp(skin * rng.uniform(-0.9, 0.9))
    top = max(np.percentile(image, 99.5), 1)
    image = top * (image / top) ** np.exp(rng.normal(0, 0.25))
    field = ndimage.zoom(rng.normal(0, rng.uniform(0, 0.3), (4, 4)), SIZE / 4, order=3)
    image = image * np.exp(field)
    image = np.abs(image + rng.normal(0, rng.uniform(0, 6), image.shape) * head)
    return scale(image) * np.exp(rng.normal(0, 0.08))


def batch_of(rng, images, masks):
    """Return augmented images in network units, shape (n, 96, 96, 1), and masks alike."""
    pairs = [bend(rng, i, m) for i, m in zip(images, masks, strict=True)]
    images = np.array([recolor(rng, i) for i, _ in pairs])
    return units(images), np.array([m for _, m in pairs], np.float32)[..., None]


def units(images):
    """Return gray levels (head median 80) as network inputs, shape (n, 96, 96, 1)."""
    return np.clip(images, 0, 320).astype(np.float32)[..., None] / 128


def unet():
    """Return a U-Net with four levels and about 0.4 million parameters."""

    def block(x, filters):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.95)(x)
            x = layers.Activation("relu")(x)
        return x

    x = inputs = keras.Input((SIZE, SIZE, 1))
    skips = []
    for filters in (16, 32, 64):
        x = block(x, filters)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = block(x, 96)
    for filters in (64, 32, 16):
        x = layers.Concatenate()([layers.UpSampling2D()(x), skips.pop()])
        x = block(x, filters)
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))


def compact():
    """Return three convolutions with pooling, then the maximum over the image."""
    x = inputs = keras.Input((SIZE, SIZE, 1))
    for filters in (16, 32, 64):
        x = layers.Conv2D(filters, 5, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.2)(layers.GlobalMaxPooling2D()(x))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


def overlap_loss(true, predicted):
    """Return cross-entropy plus one minus the soft Dice of the batch."""
    both = ops.sum(true * predicted)
    dice = (2 * both + 1) / (ops.sum(true) + ops.sum(predicted) + 1)
    return ops.mean(losses.binary_crossentropy(true, predicted)) + 1 - dice


def dice(first, second):
    """Return the Dice coefficient of each pair of masks."""
    both = (first & second).sum(axis=(1, 2))
    return 2 * both / np.maximum(first.sum(axis=(1, 2)) + second.sum(axis=(1, 2)), 1)


def train(model, loss, rows, batch, goal, options):
    """Train; keep the weights of the epoch in which `goal(found)` was highest on validation.

    ``batch(rng, rows)`` returns inputs and answers.
    """
    rng = np.random.default_rng(options.seed)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, options.epochs * (len(rows) // 16))
    model.compile(keras.optimizers.Adam(rate), loss)
    best, weights, start = -1.0, None, time.time()
    for epoch in range(options.epochs):
        order = rng.permutation(rows)
        for i in range(0, len(order) - 15, 16):
            value = model.train_on_batch(*batch(rng, order[i : i + 16]))
        reached, spent = goal(), (time.time() - start) / 60
        print(f"  epoch {epoch + 1}: loss {value:.3f}, validation {reached:.3f}, {spent:.1f} min",
              flush=True)  # fmt: skip
        if reached > best:
            best, weights = reached, model.get_weights()
        if spent * (epoch + 2) / (epoch + 1) > options.minutes:
            print("  stopped by the time limit")
            break
    model.set_weights(weights)


def predict(model, images):
    """Average the model's answer over an image, its mirror image and two sharpenings."""
    total = 0
    soft = ndimage.gaussian_filter(images, (0, 1, 1))
    for amount in (-0.3, 0.3):
        x = units(images + amount * (images - soft))
        total = total + model.predict(x, verbose=0, batch_size=64)
        mirrored = model.predict(x[:, :, ::-1], verbose=0, batch_size=64)
        total = total + (mirrored[:, :, ::-1] if mirrored.ndim == 4 else mirrored)
    return total[..., 0] / 4


def largest(probabilities):
    """Keep the connected part of each map with the greatest sum above the threshold.

    Every slice shows a tumor, so the threshold is 0.5 or, where the network is unsure of all
    pixels, half of the map's maximum.
    """
    kept = np.zeros(probabilities.shape, bool)
    for i, values in enumerate(probabilities):
        parts, count = ndimage.label(values > 0.5 * min(1, values.max()))
        if count:
            sums = ndimage.sum(values, parts, np.arange(1, count + 1))
            kept[i] = parts == np.argmax(sums) + 1
    return kept


def blobs(images, level, depth):
    """Return the largest part above `level` times the head's median, `depth` below the skin."""
    kept = np.zeros(images.shape, np.float32)
    for i, image in enumerate(images):
        inner = ndimage.distance_transform_edt(ndimage.binary_fill_holes(image > 20)) > depth
        parts, count = ndimage.label((ndimage.gaussian_filter(image, 1) > level * 80) & inner)
        if count:
            sizes = ndimage.sum(parts > 0, parts, np.arange(1, count + 1))
            kept[i] = ndimage.binary_fill_holes(parts == np.argmax(sizes) + 1)
    return kept


def tune_blobs(images, masks):
    """Return the level and depth with the best mean Dice on simulated training slices."""
    pairs = [(level, depth) for level in (1.2, 1.35, 1.5, 1.7, 2.0, 2.4) for depth in (3, 6, 9, 12)]
    return max(pairs, key=lambda p: dice(blobs(images, *p) > 0.5, masks).mean())


def resampled(values, runs, statistic, draws=2000):
    """Return the 95 % percentile interval of a statistic of rows, over resampled runs."""
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(runs == r) for r in np.unique(runs)]
    found = []
    for _ in range(draws):
        pick = np.concatenate([members[k] for k in rng.integers(len(members), size=len(members))])
        found.append(statistic(values[pick]))
    return np.nanpercentile(found, [2.5, 97.5])


def row(measure, values, runs, statistic=np.mean):
    """Return, and print, one row of the table."""
    low, high = resampled(values, runs, statistic)
    made = {"measure": measure, "slices": len(values), "runs": len(np.unique(runs))}
    made |= {"value": statistic(values), "low": low, "high": high}
    print("  " + ", ".join(f"{k} {v:.3f}" if isinstance(v, float) else str(v)
                           for k, v in made.items()), flush=True)  # fmt: skip
    return made


def segment(simulated, real, options):
    """Yield the Dice of the U-Net and of the brightest blob."""
    images, masks, data = simulated
    table, real_masks, boxes, real_images = real
    train_rows, check = (np.flatnonzero(data.splits == split) for split in ("train", "validation"))
    model = unet()

    def batch(rng, rows):
        return batch_of(rng, images[rows], masks[rows])

    def goal():
        found = model.predict(units(images[check]), verbose=0, batch_size=64)[..., 0]
        return dice(found > 0.5, masks[check]).mean()

    train(model, overlap_loss, train_rows, batch, goal, options)
    shape = real_masks.shape[1:]
    network = dice(largest(to_grid(predict(model, real_images), boxes, shape)), real_masks)
    chosen = np.random.default_rng(0).choice(train_rows, 200, replace=False)
    tuned = tune_blobs(images[chosen], masks[chosen])
    first, blob = (
        dice(to_grid(blobs(real_images, *choice), boxes, shape) > 0.5, real_masks)
        for choice in (tuned, FAVORED)
    )
    arms = {"U-Net": network, "blob tuned on simulated": first, "brightest blob": blob}
    for diagnosis in DIAGNOSES:
        of = (table["diagnosis"] == diagnosis).to_numpy()
        for arm, values in (arms | {"difference": network - blob}).items():
            yield row(f"Dice, {arm}, {diagnosis}", values[of], table["run"].to_numpy()[of])
    test = (data.splits == "test") & data.attributes["whole_tumor"].to_numpy(bool)
    for label, kind in enumerate(data.class_names[:2]):
        of = test & (data.labels == label)
        found = largest(predict(model, images[of]))
        yield row(f"Dice, U-Net, simulated {kind}", dice(found, masks[of]), data.groups[of])


def classify(simulated, real, options):
    """Yield the compact CNN's AUC of glioma against meningioma on real slices."""
    images, masks, data = simulated
    table, _, _, real_images = real
    train_rows, check = (np.flatnonzero(data.splits == split) for split in ("train", "validation"))
    model = compact()

    def batch(rng, rows):
        inputs, _ = batch_of(rng, images[rows], masks[rows])
        return inputs, data.labels[rows].astype(np.float32)[:, None]

    def goal():
        found = model.predict(units(images[check]), verbose=0, batch_size=64)[:, 0]
        patients = datasets.aggregate(found, data.groups[check], labels=data.labels[check])
        return roc_auc_score(patients.labels, patients.probabilities)

    train(model, "binary_crossentropy", train_rows, batch, goal, options)
    pairs = np.column_stack([table["diagnosis"] == "glioma", predict(model, real_images)])
    two, runs = (table["diagnosis"] != "pituitary").to_numpy(), table["run"].to_numpy()

    def auc(pairs):
        return roc_auc_score(*pairs.T) if 0 < pairs[:, 0].mean() < 1 else np.nan

    for name, of in (("axial", two & table["axial"].to_numpy()), ("all planes", two)):
        yield row(f"AUC, compact CNN, {name}", pairs[of], runs[of], auc)


def main():
    """Train, print the figures and write them if asked."""
    parser = tables.parser(__doc__, real=True)
    parser.add_argument("--task", choices=("segment", "classify"), required=True)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=30, help="time limit")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    training.set_seed(options.seed)
    run = {"segment": segment, "classify": classify}[options.task]
    rows = list(run(read_simulated(), read_real(options.real_data), options))
    made_by = f"brain_transfer --real-data DIR --task {options.task} --epochs {options.epochs}"
    tables.write(options.out, rows, f"{made_by} --seed {options.seed}")


if __name__ == "__main__":
    tables.run(main)
