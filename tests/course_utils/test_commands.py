import pytest

from course_utils.app import commands


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["reset", "77"], "There is no lesson '77'"), (["lab", "--lesson", "x"], "no lesson 'x'")],
)
def test_wrong_use_of_the_command_line_gets_a_sentence(arguments, said, capsys):
    assert commands.main(arguments) == 2
    assert said in capsys.readouterr().err


def test_port_outside_the_range_is_refused(capsys):
    with pytest.raises(SystemExit):
        commands.main(["lab", "--port", "70000"])
    assert "choose 1 to 65535" in capsys.readouterr().err
