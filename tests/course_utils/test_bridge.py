"""The numbers of docs/bridge.md: other packages compute what the course does, where installed.

``pip install torch monai captum`` into an environment beside the course's; without them the tests
are skipped. Definitions that differ are tested for the difference.
"""

import importlib
import re

import keras
import numpy as np
import pytest
from scipy import ndimage
from sklearn import metrics

from authoring.experiments.definitions import definitions
from course_utils import ROOT, evaluation, explanation, models

PAGE = (ROOT / "docs" / "bridge.md").read_text(encoding="utf-8")
SPACING = (0.5, 2.0)


def two_masks(seed=0, shape=(40, 30)):
    """An irregular lesion, and the same one moved, with an island."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 4)
    truth = field > np.quantile(field, 0.85)
    predicted = np.roll(truth, (2, -1), axis=(0, 1))
    predicted[3:5, 3:5] = True
    return truth, predicted


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def monai(torch):
    pytest.importorskip("monai")
    return importlib.import_module("monai")


def batch(torch, array):
    return torch.tensor(np.asarray(array, np.float32))[None, None]


@pytest.mark.parametrize("seed", range(3))
def test_dice_and_outline_distances_against_monai(torch, monai, seed):
    truth, predicted = two_masks(seed)
    theirs = batch(torch, predicted), batch(torch, truth)
    dice = 2 * (truth & predicted).sum() / (truth.sum() + predicted.sum())
    assert monai.metrics.compute_dice(*theirs).item() == pytest.approx(dice, abs=1e-6)
    ours = evaluation.outline_distances(truth, predicted, SPACING)
    hd95 = monai.metrics.compute_hausdorff_distance(*theirs, percentile=95, spacing=SPACING)
    assert ours.hd95 == pytest.approx(hd95.item(), abs=1e-4)
    # MONAI's symmetric distance averages over all outline pixels, the course over two means.
    one_way = [
        monai.metrics.compute_average_surface_distance(*pair, spacing=SPACING).item()
        for pair in (theirs, theirs[::-1])
    ]
    assert ours.masd == pytest.approx(np.mean(one_way), abs=1e-4)


def test_pooled_percentile_is_another_hd95():
    """MedPy pools the distances of both directions; here that hides the island of one of them."""
    truth, predicted = np.zeros((2, 40, 40), bool)
    truth[10:30, 10:30] = predicted[10:30, 10:30] = True
    predicted[2:4, 2:5] = True
    outlines = [mask & ~ndimage.binary_erosion(mask) for mask in (truth, predicted)]
    both = [ndimage.distance_transform_edt(~b)[a] for a, b in (outlines, outlines[::-1])]
    pooled = np.percentile(np.concatenate(both), 95)
    ours = evaluation.outline_distances(truth, predicted, (1.0, 1.0)).hd95
    assert ours == pytest.approx(max(np.percentile(each, 95) for each in both))
    assert (round(ours, 1), round(pooled, 1)) == (9.9, 0)


def test_the_loss_of_lesson_10_is_monais_dice_loss(torch, monai):
    rng = np.random.default_rng(0)
    truth = (rng.random((4, 16, 16, 1)) < 0.3).astype(np.float32)
    predicted = rng.random((4, 16, 16, 1), dtype=np.float32)
    ours = float(definitions("10").soft_dice(truth, predicted))
    loss = monai.losses.DiceLoss(squared_pred=True, batch=True, smooth_nr=1, smooth_dr=1)
    moved = (torch.tensor(array).permute(0, 3, 1, 2) for array in (predicted, truth))
    assert ours == pytest.approx(loss(*moved).item(), abs=1e-6)


def test_focal_loss_of_keras_and_monai(torch, monai):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(50, 1)).astype(np.float32), rng.integers(0, 2, (50, 1))
    ours = keras.losses.BinaryFocalCrossentropy(gamma=2, from_logits=True)(labels, logits)
    theirs = monai.losses.FocalLoss(gamma=2)(torch.tensor(logits), torch.tensor(labels))
    assert float(ours) == pytest.approx(theirs.item(), abs=1e-6)


def test_areas_under_curves_against_scikit_learn_and_monai(torch, monai):
    rng = np.random.default_rng(0)
    labels, p = rng.integers(0, 2, 200), rng.random(200).round(2)
    weights = rng.random(200)
    for ours, theirs in (
        (evaluation.roc_auc, metrics.roc_auc_score),
        (evaluation.average_precision, metrics.average_precision_score),
    ):
        assert ours(labels, p) == pytest.approx(theirs(labels, p))
        weighted = ours(labels, p, sample_weight=weights)
        assert weighted == pytest.approx(theirs(labels, p, sample_weight=weights))
    auc = monai.metrics.compute_roc_auc(torch.tensor(p), torch.tensor(labels))
    assert evaluation.roc_auc(labels, p) == pytest.approx(auc, abs=1e-6)


@pytest.fixture(scope="module")
def mirrored():
    """The same network in Keras and in PyTorch, and two images for each."""
    torch, attr = pytest.importorskip("torch"), pytest.importorskip("captum.attr")
    keras.utils.set_random_seed(0)
    model = models.compact_cnn((36, 36, 2))
    parts = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            parts += [torch.nn.Conv2d(*kernel.shape[2:], 3, padding=1), torch.nn.ReLU()]
            parts[-2].weight.data = torch.tensor(kernel.transpose(3, 2, 0, 1).copy())
            parts[-2].bias.data = torch.tensor(bias)
        elif isinstance(layer, keras.layers.MaxPooling2D):
            parts.append(torch.nn.MaxPool2d(2))
    kernel, bias = model.layers[-1].get_weights()
    dense = torch.nn.Linear(*kernel.shape)
    dense.weight.data, dense.bias.data = torch.tensor(kernel.T.copy()), torch.tensor(bias)
    end = torch.nn.AdaptiveMaxPool2d(1), torch.nn.Flatten(), dense
    images = np.random.default_rng(0).random((2, 36, 36, 2), dtype=np.float32)
    return model, images, torch.nn.Sequential(*parts, *end), attr, torch


def compare(ours, theirs):
    assert np.abs(ours).max() > 0
    np.testing.assert_allclose(ours, theirs, atol=1e-3 * np.abs(ours).max())


def test_maps_against_captum(mirrored):
    model, images, net, attr, torch = mirrored
    x = torch.tensor(images.transpose(0, 3, 1, 2).copy())
    gradients = attr.Saliency(net).attribute(x).numpy()
    compare(np.abs(explanation.input_gradients(model, images)), gradients.max(axis=1))
    parts = attr.IntegratedGradients(net).attribute(x, n_steps=64, method="riemann_middle")
    ours = explanation.integrated_gradients(model, images, steps=64)
    compare(ours, parts.detach().numpy().sum(axis=1))
    square = {"sliding_window_shapes": (2, 12, 12), "strides": (2, 6, 6), "baselines": 0}
    falls = attr.Occlusion(net).attribute(x, **square).detach().numpy()
    compare(explanation.occlusion(model, images, value=0), falls[:, 0])
    cam = attr.LayerGradCam(net, net[7]).attribute(x, relu_attributions=True)
    cam = attr.LayerAttribution.interpolate(cam, (36, 36), "bilinear")
    # After the activation, as a Keras layer's output is.
    compare(explanation.grad_cam(model, images), cam.detach().numpy()[:, 0])


@pytest.mark.parametrize(
    "package",
    [
        "course_utils",
        "keras",
        "sklearn",
        "statsmodels",
        "nibabel",
        "monai",
        "captum",
        "tf_keras_vis",
    ],
)
def test_the_names_on_the_page_exist(package):
    pytest.importorskip(package)
    names = sorted(set(re.findall(rf"`({package}\.[\w.]+)", PAGE)))
    assert names
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name
