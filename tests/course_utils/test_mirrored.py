"""One network on several devices of one machine: `fit` under MirroredStrategy."""

import json
import subprocess
import sys

import numpy as np
import pytest

from course_utils import ROOT

# The number of devices is fixed when TensorFlow starts, so this needs a process of its own.
TWO_CPUS = """
import json, sys
from course_utils import datasets, models, training
from course_utils.training import keras, tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
data = datasets.resize(datasets.load("breast_ultrasound"), 16)
train, validation = (data.split(part).select(range(128)) for part in ("train", "validation"))


def trained(strategy):
    training.set_seed(0)
    with strategy.scope():
        model = models.compact_cnn((16, 16, 1))
        model.compile("adam", "binary_crossentropy")
    history = training.fit(model, train, validation, epochs=2, batch_size=32)
    found = {**history.history, "predictions": training.predict(model, validation).tolist()}
    return {"devices": strategy.num_replicas_in_sync, **found}


one = trained(tf.distribute.OneDeviceStrategy("CPU:0"))
two = trained(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
json.dump([one, two], open(sys.argv[1], "w"))
"""


@pytest.mark.slow
def test_two_devices_train_the_same_network_as_one(tmp_path):
    found = tmp_path / "found.json"
    subprocess.run([sys.executable, "-c", TWO_CPUS, found], cwd=ROOT, check=True)
    one, two = json.loads(found.read_text())
    assert (one.pop("devices"), two.pop("devices")) == (1, 2)
    for curve in one:
        np.testing.assert_allclose(two[curve], one[curve], atol=2e-3, err_msg=curve)
    assert one["loss"][1] != one["loss"][0]
