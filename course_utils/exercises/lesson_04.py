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
    return compare(
        dense_share,
        (weights + 128) / total,
        {
            "That is in percent; the share is asked for as a number from 0 to 1.": (
                100 * (weights + 128) / total
            ),
            "That is the number of parameters; divide by all parameters of the network.": (
                weights + 128
            ),
            "That is the share of all other layers: take the first dense layer.": (
                1 - (weights + 128) / total
            ),
            "You forgot a side of the feature map: it has 54 rows and 54 columns.": (
                (54 * 64 * 128 + 128) / total
            ),
        },
        tolerance=1e-6,
    ) or (None if dense_share != 1 else "Rounded to 1, the rest of the network has disappeared.")


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
    return complaint or compare(
        number_of_steps(64, 32, 3),
        6,
        {"When the batches divide evenly there is no extra one.": 9},
        name="For 64 images your result",
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


@check("4.5", praise="The interval is about drawing test patients, from the same source.")
def check_4_5(meaning):
    """Check the choice about the meaning of the interval."""
    return choose(
        meaning,
        "b",
        {
            "a": "The AUC is an average over pairs of patients. Single patients may well be judged "
            "better by the other network.",
            "c": "All patients here come from a simulator. Real patients were never drawn, so no "
            "interval speaks about them.",
            "d": "The bar comes from drawing patients. The dots show the spread over seeds, and "
            "that is something else.",
        },
    )
