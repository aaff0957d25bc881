"""Explanations: by hand on linear networks, laws on any, tf-keras-vis and scikit-learn."""

import keras
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from course_utils import explanation, models, transfer

layers = keras.layers
METHODS = ("input_gradients", "smooth_gradients", "integrated_gradients", "occlusion", "grad_cam")
FAST = {"smooth_gradients": {"samples": 2}, "occlusion": {"stride": 12}}


def explain(method, model, images, class_index=None, **options):
    options = {**FAST.get(method, {}), **options}
    return getattr(explanation, method)(model, images, class_index, **options)


def random_images(model, count=2, side=32):
    shape = [side if length is None else length for length in model.input_shape[1:]]
    return np.random.default_rng(0).random((count, *shape), dtype=np.float32)


def nested(outputs=1):
    """Two levels deep, with a preprocessing layer outside."""
    inner = keras.Sequential([keras.Input((32, 32, 1)), models.compact_cnn((32, 32, 1))])
    if outputs == 1:
        return keras.Sequential([keras.Input((32, 32, 1)), layers.Rescaling(2.0, -1.0), inner])
    body = models.compact_cnn((32, 32, 1))
    features = keras.Model(body.inputs, body.layers[-1].input)
    return transfer.add_head(
        keras.Sequential([layers.Input((32, 32, 1)), layers.Rescaling(2.0), features]), outputs
    )


def of_any_size():
    inputs = keras.Input((None, None, 2))
    features = layers.Conv2D(4, 3, activation="relu")(inputs)
    logits = layers.Dense(3)(layers.GlobalAveragePooling2D()(features))
    return keras.Model(inputs, layers.Softmax()(logits))


NETWORKS = {
    "first_cnn": lambda: models.first_cnn((32, 32, 1)),
    "compact_cnn": lambda: models.compact_cnn((32, 32, 1)),
    "breast_ultrasound": lambda: transfer.load("breast_ultrasound"),
    "skin_lesions": lambda: transfer.load("skin_lesions"),
    "one output": lambda: transfer.add_head(transfer.backbone("breast_ultrasound"), outputs=1),
    "seven classes": lambda: transfer.add_head(transfer.backbone("skin_lesions"), outputs=7),
    "nested twice": nested,
    "nested, seven classes": lambda: nested(7),
    "of any size": of_any_size,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_method_explains_every_network_and_leaves_it_as_it_was(name):
    keras.utils.set_random_seed(1)
    model = NETWORKS[name]()
    images = random_images(model)
    before = model.predict(images, verbose=0)
    for method in METHODS:
        options = {"baseline": 0.5} if method == "integrated_gradients" else {}
        maps = explain(method, model, images, 1, **options)
        assert (maps.shape, maps.dtype) == (images.shape[:3], np.float32)
        assert np.isfinite(maps).all()
        assert method == "grad_cam" or np.abs(maps).max() > 0
    np.testing.assert_array_equal(model.predict(images, verbose=0), before)
    again = model(images, training=False)
    np.testing.assert_allclose(again, before, atol=1e-6)


def linear(activation="sigmoid", outputs=1):
    """The score is a weighted sum of the pixels: every method can be computed by hand."""
    rng = np.random.default_rng(0)
    model = keras.Sequential([keras.Input((4, 6, 2)), layers.Flatten()])
    model.add(layers.Dense(outputs, activation=activation))
    kernel = rng.normal(0, 3, (48, outputs)).astype(np.float32)
    kernel -= kernel.mean(axis=0)
    model.set_weights([kernel, rng.normal(size=outputs).astype(np.float32)])
    return model, kernel.reshape(4, 6, 2, outputs)


def test_gradients_of_a_linear_network_are_its_weights_even_where_the_sigmoid_is_flat():
    model, kernel = linear()
    first, second = kernel[..., 0, 0], kernel[..., 1, 0]
    largest = np.where(np.abs(first) > np.abs(second), first, second)
    images = random_images(model)
    for method in ("input_gradients", "smooth_gradients"):
        np.testing.assert_allclose(explain(method, model, images)[1], largest, rtol=1e-5)
        np.testing.assert_allclose(explain(method, model, images, 0)[1], -largest, rtol=1e-5)


def test_integrated_gradients_of_a_linear_network_are_weight_times_difference():
    model, kernel = linear("softmax", outputs=3)
    images = random_images(model)
    baseline = np.stack([images[0], np.full((4, 6, 2), 0.25)])
    maps = explain("integrated_gradients", model, images, [0, 2], baseline=baseline, steps=3)
    by_hand = ((images[1] - 0.25) * kernel[..., 2]).sum(axis=-1)
    np.testing.assert_allclose(maps, [np.zeros((4, 6)), by_hand], atol=1e-5)


def test_occlusion_of_a_linear_network_is_what_the_covered_pixels_gave():
    model, kernel = linear()
    image = random_images(model)[:1]
    change = (kernel[..., 0] * image[0]).sum(axis=-1)
    blocks = change.reshape(2, 2, 3, 2).sum(axis=(1, 3)).repeat(2, 0).repeat(2, 1)
    maps = explain("occlusion", model, image, size=2, stride=2, value=0)
    np.testing.assert_allclose(maps[0], blocks, atol=1e-5)
    # Squares of 3 in steps of 2 reach both ends: columns 0-2, 2-4 and 3-5 of 6, rows 0-2 and 1-3.
    maps = explain("occlusion", model, image, size=3, stride=2, value=0)
    corner = change[1:4, 3:6].sum()
    np.testing.assert_allclose(maps[0, 3, 5], corner, rtol=1e-4)
    both = (change[:3, :3].sum() + change[:3, 2:5].sum()) / 2
    np.testing.assert_allclose(maps[0, 0, 2], both, rtol=1e-4)


def test_occlusion_covers_with_the_mean_of_each_channel():
    model, _ = linear()
    flat = np.broadcast_to(np.float32([0.2, 0.7]), (1, 4, 6, 2))
    np.testing.assert_allclose(explain("occlusion", model, flat, size=2, stride=2), 0, atol=1e-5)


def test_grad_cam_by_hand():
    model = keras.Sequential([keras.Input((3, 4, 1)), layers.Conv2D(2, 1, use_bias=False)])
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(1, activation="sigmoid"))
    model.layers[0].set_weights([np.float32([2, -1]).reshape(1, 1, 1, 2)])
    model.layers[2].set_weights([np.float32([[3], [1]]), np.float32([0.5])])
    images = random_images(model)
    # The gradient of each of 12 pixels is 3 / 12 and 1 / 12; 3 * 2 - 1 * 1 = 5.
    maps = explain("grad_cam", model, images)
    np.testing.assert_allclose(maps, 5 * images[..., 0] / 12, rtol=1e-5)
    np.testing.assert_allclose(explain("grad_cam", model, images, 0), 0)


@pytest.mark.parametrize("name", ["breast_ultrasound", "skin_lesions"])
def test_grad_cam_agrees_with_tf_keras_vis(name):
    pytest.importorskip("tf_keras_vis")
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

    model = transfer.load(name)
    images, k = random_images(model, 3), model.output_shape[1] - 1
    theirs = Gradcam(model, model_modifier=ReplaceToLinear(), clone=True)(
        lambda output: output[:, k], images, expand_cam=False, normalize_cam=False
    )
    # It enlarges with another grid, so its small maps are enlarged here.
    theirs = keras.ops.image.resize(theirs[..., np.newaxis], images.shape[1:3])[..., 0]
    ours = explain("grad_cam", model, images, None if k == 0 else k)
    assert ours.max() > 0
    np.testing.assert_allclose(ours, theirs, atol=1e-4 * ours.max())


def test_the_layer_of_grad_cam_is_the_last_convolution_or_one_named():
    model = models.compact_cnn((32, 32, 1))
    images = random_images(model)
    names = [layer.name for layer in model.layers if isinstance(layer, layers.Conv2D)]
    default = explain("grad_cam", model, images)
    np.testing.assert_array_equal(default, explain("grad_cam", model, images, layer=names[-1]))
    first = explain("grad_cam", model, images, layer=model.get_layer(names[0]))
    assert np.abs(default - first).max() > 0


def ending(*end):
    keras.utils.set_random_seed(3)
    outputs = 1 if "sigmoid" in str(end[0]) else 3
    dense = layers.Dense(outputs, end[0] if len(end) > 1 else None)
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), dense])
    for layer in end[1:] or end:
        model.add(layer if isinstance(layer, keras.Layer) else layers.Activation(layer))
    return model


@pytest.mark.parametrize(
    "end",
    [
        ("sigmoid",),
        ("softmax",),
        (layers.Softmax(),),
        ("sigmoid", layers.Dropout(0.5)),  # the activation is not the last layer
        ("sigmoid", layers.Reshape((1,))),
    ],
)
def test_every_ending_gives_the_gradient_of_the_logit(end):
    model = ending(*end)
    images = random_images(model)
    kernel = model.layers[1].get_weights()[0]
    maps = explain("input_gradients", model, images, 0 if kernel.shape[1] > 1 else 1)
    np.testing.assert_allclose(maps[0].ravel(), kernel[:, 0], rtol=1e-4, atol=1e-6)


def test_a_softmax_that_is_not_the_last_layer_is_explained_by_its_logarithm():
    model = ending("softmax", layers.Reshape((3,)))
    images = random_images(model)
    kernel, p = model.layers[1].get_weights()[0], model.predict(images, verbose=0)
    maps = explain("input_gradients", model, images, 2)
    # d log p2 / dx = w2 - sum of p times w
    np.testing.assert_allclose(maps[0].ravel(), kernel[:, 2] - kernel @ p[0], rtol=1e-3, atol=1e-5)


def test_the_default_class_is_the_predicted_one():
    model, _ = linear("softmax", outputs=3)
    images = random_images(model, 8)
    predicted = model.predict(images, verbose=0).argmax(axis=1)
    assert len(set(predicted)) > 1
    for method in ("input_gradients", "occlusion"):
        options = {"size": 2, "stride": 2} if method == "occlusion" else {}
        default = explain(method, model, images, **options)
        chosen = explain(method, model, images, predicted, **options)
        np.testing.assert_array_equal(default, chosen)


@pytest.mark.parametrize("name", ["compact_cnn", "breast_ultrasound"])
def test_integrated_gradients_add_up_to_the_rise_of_the_score(name):
    """The second network normalizes each image, so its score is steep near a black baseline."""
    keras.utils.set_random_seed(2)
    model = NETWORKS[name]()
    images = random_images(model, 4)
    p, start = (model.predict(each, verbose=0)[:, 0].astype(float) for each in (images, 0 * images))
    rise = np.log(p / (1 - p)) - np.log(start / (1 - start))
    total = explain("integrated_gradients", model, images).sum(axis=(1, 2))
    np.testing.assert_allclose(total, rise, rtol=0.011)


def test_a_map_does_not_depend_on_the_other_images():
    model = models.compact_cnn((32, 32, 1))
    images = random_images(model, 70)  # more than one batch
    for method in METHODS:
        options = {"steps": 4} if method == "integrated_gradients" else {}
        together = explain(method, model, images[[0, 1, *range(3, 70)]], **options)[-1]
        alone = explain(method, model, images[69:], **options)[0]
        np.testing.assert_allclose(together, alone, atol=1e-6)


def test_noise_makes_smooth_gradients_and_the_seed_repeats_them():
    model = models.compact_cnn((32, 32, 1))
    images = random_images(model)
    plain = explain("input_gradients", model, images)
    first, again, other = (explain("smooth_gradients", model, images, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0
    assert np.abs(first - plain).max() > 0
    none = explain("smooth_gradients", model, images, noise=0)
    np.testing.assert_allclose(none, plain, atol=1e-7)


def test_a_model_from_a_file_or_compiled_is_explained_alike(tmp_path):
    model = nested()
    images = random_images(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    model.compile("adam", "binary_crossentropy")
    for method in ("input_gradients", "grad_cam"):
        maps = explain(method, model, images)
        np.testing.assert_allclose(maps, explain(method, loaded, images), atol=1e-6)


def test_frozen_layers_change_no_map():
    model = models.compact_cnn((32, 32, 1))
    images = random_images(model)
    maps = explain("grad_cam", model, images)
    model.trainable = False
    np.testing.assert_allclose(explain("grad_cam", model, images), maps, atol=1e-7)


def test_randomized_draws_all_kernels_anew_and_keeps_the_rest():
    inputs = keras.Input((48, 48, 3))
    normalization = layers.Normalization()
    normalization.adapt(np.random.default_rng(0).random((8, 48, 48, 3)))
    model = transfer.add_head(transfer.backbone("skin_lesions"), 7)
    model.trainable = False
    model = keras.Model(inputs, model(normalization(inputs)))
    before = [weight.copy() for weight in model.get_weights()]
    first, again, other = (explanation.randomized(model, seed) for seed in (1, 1, 2))
    for old, kept, a, b, c in zip(
        before, *(m.get_weights() for m in (model, first, again, other)), strict=True
    ):
        np.testing.assert_array_equal(old, kept)
        np.testing.assert_array_equal(a, b)
        if old.ndim > 1 and old.shape[-1] > 3:
            assert np.abs(a - old).max() > 0
            assert np.abs(a - c).max() > 0
    images = random_images(model)
    normalized = [each.layers[1](images) for each in (model, first)]
    np.testing.assert_allclose(*normalized)
    assert first.count_params() == model.count_params()


MAP = [[0.1, 0.4], [0.4, 0.1]]


@pytest.mark.parametrize(
    ("mask", "pointing", "share", "auc"),
    [
        ([[0, 1], [0, 0]], 0.5, 0.4, (1 + 1 + 0.5) / 3),  # one of two maxima, 0.4 of 1.0
        ([[0, 1], [1, 0]], 1, 0.8, 1),
        ([[1, 0], [0, 0]], 0, 0.1, 0.5 / 3),
        ([[0, 0], [0, 0]], np.nan, np.nan, np.nan),
        ([[1, 1], [1, 1]], 1, 1, np.nan),
    ],
)
def test_agreement_by_hand(mask, pointing, share, auc):
    maps, masks = [MAP], [mask]
    np.testing.assert_allclose(explanation.pointing_game(maps, masks), [pointing])
    np.testing.assert_allclose(explanation.share_inside(maps, masks), [share], rtol=1e-6)
    np.testing.assert_allclose(explanation.pixel_auc(maps, masks), [auc])


def test_a_map_of_zeros_scores_what_chance_does():
    maps, masks = np.zeros((1, 4, 4)), np.zeros((1, 4, 4))
    masks[0, 1, :3] = 1
    assert explanation.pointing_game(maps, masks) == 3 / 16
    assert explanation.share_inside(maps, masks) == 3 / 16
    assert explanation.pixel_auc(maps, masks) == 0.5


def test_pixel_auc_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    maps, masks = rng.integers(-5, 5, (6, 9, 7)) / 5, rng.random((6, 9, 7)) < 0.2
    theirs = [roc_auc_score(m.ravel(), a.ravel()) for m, a in zip(masks, maps, strict=True)]
    np.testing.assert_allclose(explanation.pixel_auc(maps, masks), theirs)


def test_the_baselines():
    blob = explanation.centered_blob((2, 5, 9, 3))
    assert blob.shape == (2, 5, 9)
    assert blob[0, 2, 4] == blob.max() == 1
    np.testing.assert_allclose(blob, blob[:, ::-1, ::-1])
    # One standard deviation, 9 / 4 columns, is not on the grid; two columns are 8 / 9 of it.
    np.testing.assert_allclose(blob[0, 2, 6], np.exp(-((8 / 9) ** 2) / 2), rtol=1e-6)
    step = np.zeros((1, 5, 6, 2))
    step[:, :, 3:, 1] = 0.5
    edges = explanation.edges(step)
    np.testing.assert_allclose(edges, [[[0, 0, 0.25, 0.25, 0, 0]] * 5])
    np.testing.assert_allclose(explanation.edges(step.swapaxes(1, 2)), edges.swapaxes(1, 2))


SMALL = models.compact_cnn((32, 32, 1))
GOOD = np.zeros((2, 32, 32, 1), np.float32)
TWO = keras.Model(SMALL.inputs, [SMALL.layers[0].output, SMALL.layers[1].output])
DENSE = linear()[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: explain("grad_cam", SMALL, (GOOD * 255).astype(np.uint8)), "uint8.*as_float"),
        (lambda: explain("grad_cam", SMALL, GOOD + 255), "255 to 255.*0 to 1"),
        (lambda: explain("grad_cam", SMALL, GOOD * np.nan), "nan"),
        (lambda: explain("occlusion", SMALL, GOOD[0]), r"\(32, 32, 1\).*images\[:1\]"),
        (lambda: explain("occlusion", SMALL, GOOD[:, :30]), r"\(2, 30, 32, 1\).*\(n, 32, 32, 1\)"),
        (lambda: explain("occlusion", SMALL, GOOD, size=33), "size: received 33.*1 to 32"),
        (lambda: explain("occlusion", SMALL, GOOD, 2), "class_index: received 2.*0 to 1"),
        (lambda: explain("occlusion", SMALL, GOOD, [0, 1, 1]), "one or 2"),
        (lambda: explain("occlusion", SMALL, GOOD, 0.7), "0.7"),
        (lambda: explain("input_gradients", TWO, GOOD), "one output"),
        (lambda: explain("grad_cam", transfer.load("brain_mri"), GOOD), "one output"),
        (
            lambda: explain("grad_cam", keras.Sequential([layers.Dense(1)]), GOOD),
            "call a new model",
        ),
        (lambda: explain("grad_cam", DENSE, random_images(DENSE)), "use input_gradients"),
        (lambda: explain("grad_cam", SMALL, GOOD, layer="conv9"), "'conv9'.*conv2d"),
        (lambda: explanation.share_inside(-np.ones((1, 2, 2)), np.ones((1, 2, 2))), "np.abs"),
        (
            lambda: explanation.pixel_auc(np.ones((1, 2, 2)), np.ones((1, 2, 2, 1))),
            r"\[\.\.\., 0\]",
        ),
        (lambda: explanation.pixel_auc(np.ones((1, 2, 2)), np.full((1, 2, 2), 255)), "compare"),
    ],
)
def test_wrong_input_is_refused_in_a_sentence(call, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        call()
