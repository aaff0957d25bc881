"""Checks of lesson 04, the first CNN."""

from course_utils.exercises.feedback import check, choose, compare


@check("4.1", praise="It depends on the window, the channels and the filters, not on the image.")
def check_4_1(conv_parameters):
    """Check the number of parameters of a convolution layer."""
    window, channels, filters = 5, 3, 16
    right = (window**2 * channels + 1) * filters
    return compare(
        conv_parameters(window, channels, filters),
        right,
        {
            "You forgot the biases, one for each filter.": window**2 * channels * filters,
            "You counted one bias for the layer; every filter has its own.": (
                window**2 * channels * filters + 1
            ),
            "The window is a square: window · window weights per channel.": (
                (window * channels + 1) * filters
            ),
            "You left out the input channels: a filter has weights for each of them.": (
                (window**2 + 1) * filters
            ),
            "You gave every channel a bias of its own; a filter has one bias in all.": (
                (window**2 + 1) * channels * filters
            ),
            "You counted one filter; the layer has several.": window**2 * channels + 1,
            "A bias belongs to each filter, not to each input channel.": (
                window**2 * channels * filters + channels
            ),
            "One bias per filter, not one per pixel of the window.": (
                window**2 * (channels + 1) * filters
            ),
        },
    ) or compare(
        conv_parameters(3, 32, 64),
        18_496,
        {"You return the numbers of one layer for every layer: use the arguments.": right},
        name="For 3 × 3 windows, 32 channels and 64 filters your result",
    )


@check("4.2", praise="More than 99.9 %: this layer is the network, and the place to save.")
def check_4_2(dense_share):
    """Check the share of the first dense layer."""
    total = 23_907_521
    weights = 54 * 54 * 64 * 128
    if isinstance(dense_share, (int, float)):
        if 1 < dense_share <= 100:
            return "That is in percent; the share is asked for as a number from 0 to 1."
        if dense_share in (1, 0.999, 0.9992, 0.99918):
            return "That is rounded. Give the fraction as Python computes it, so the rest shows."
    return compare(
        dense_share,
        (weights + 128) / total,
        {
            "That is the number of parameters; divide by all parameters of the network.": (
                weights + 128
            ),
            "You left out the biases of the layer: one for each of its 128 outputs.": (
                weights / total
            ),
            "You counted both dense layers; take the first one only.": (weights + 257) / total,
            "That is the share of all other layers: take the first dense layer.": (
                1 - (weights + 128) / total
            ),
            "You forgot a side of the feature map: it has 54 rows and 54 columns.": (
                (54 * 64 * 128 + 128) / total
            ),
        },
        tolerance=1e-6,
    )


@check("4.3", praise="Each step moves every weight once.")
def check_4_3(number_of_steps):
    """Check the number of optimizer steps."""
    complaint = compare(
        number_of_steps(100, 32, 3),
        12,
        {
            "You dropped the last, smaller batch of each epoch: round up.": 9,
            "Round up in every epoch, not once over all of them: each epoch ends with a smaller "
            "batch.": 10,
            "A step is a whole batch: round up.": 100 / 32 * 3,
            "That is for one epoch.": 4,
            "You counted images, not batches.": 300,
        },
    )
    return (
        complaint
        or compare(
            number_of_steps(48, 16, 2),
            6,
            {
                "When the batches divide evenly there is no extra one.": 8,
                "Use `batch_size`; you have a fixed 32.": 4,
                "Use `epochs`; you have a fixed 3.": 9,
            },
            name="For 48 images in batches of 16 and 2 epochs your result",
        )
        or compare(number_of_steps(33, 32, 1), 2, name="For 33 images your result")
    )


@check("4.4", praise="Only the time and the memory for the feature maps grow.")
def check_4_4(larger_images):
    """Check the choice about larger images."""
    return choose(
        larger_images,
        "b",
        {
            "a": "A filter's weights are used at every place, so more places need no more weights.",
            "c": "The dense layer gets 64 numbers, one per feature map, whatever their size.",
            "d": "Sharing does not reduce the number of weights; there are as many as the filters "
            "hold.",
        },
    )


@check("4.5", praise="Its size depends on the filters alone.")
def check_4_5(small_network):
    """Check a small network by its shapes, its parameters and its last activation."""
    model = small_network(8)
    if not hasattr(model, "count_params"):
        return f"Your function returns a {type(model).__name__}; return the Keras model."
    if tuple(model.input_shape) != (None, 64, 64, 1):
        return f"The input has shape {model.input_shape[1:]}; it should be (64, 64, 1)."
    if tuple(model.output_shape) != (None, 1):
        return f"The output has shape {model.output_shape[1:]}; it should be one number, (1,)."
    kinds = [type(layer).__name__ for layer in model.layers]
    if "Flatten" in kinds:
        return "You flatten the feature maps; take their average with GlobalAveragePooling2D."
    if "GlobalMaxPooling2D" in kinds:
        return "You take the maximum of each map; the average is asked for."
    activation = getattr(getattr(model.layers[-1], "activation", None), "__name__", "none")
    if activation != "sigmoid":
        return f"The last layer's activation is {activation}; a probability needs a sigmoid."
    rectified = getattr(getattr(model.layers[0], "activation", None), "__name__", "none")
    if rectified != "relu" and "ReLU" not in kinds:
        return f"The convolution's activation is {rectified}; ReLU is asked for."
    return compare(
        model.count_params(),
        9 * 8 + 8 + 8 + 1,
        {
            "It looks as if `filters` were not used: with 8 filters there are 89 parameters.": (
                small_network(16).count_params()
            ),
        },
        name="With 8 filters the number of parameters",
    )


@check("4.6", praise="The interval is about drawing test patients, from the same source.")
def check_4_6(meaning):
    """Check the choice about the meaning of the interval."""
    return choose(
        meaning,
        "d",
        {
            "a": "The AUC is an average over pairs of patients. Single patients may well be judged "
            "better by the other network.",
            "b": "All patients here come from a simulator. Real patients were never drawn, so no "
            "interval speaks about them.",
            "c": "All five dots do lie inside, but the bar was not made to promise that: it comes "
            "from drawing patients, and the dots from drawing starts.",
        },
    )
