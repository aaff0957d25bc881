"""The stored table of lesson 08 is complete, and opens the test patients for one arm."""

from course_utils.results import probabilities, stored


def test_the_table_has_both_arms_on_validation_and_one_on_test():
    table = stored("breast_study")
    assert {*zip(table["arm"], table["part"], strict=True)} == {
        ("plain", "validation"),
        ("augmented", "validation"),
        ("augmented", "test"),
    }
    for arm, part in (("plain", "validation"), ("augmented", "test")):
        labels, runs, _ = probabilities(table, arm, part)
        assert runs.shape == (5, 750)
        assert labels.sum() == 215
