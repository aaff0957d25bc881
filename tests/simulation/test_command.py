"""The command that writes the simulated sets says what is wrong with its arguments."""

import pytest

from simulation import __main__ as command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["brain_mri", "--out", "no/such/a.npz"], "in a folder that exists"),
        (["brain_mri", "--out", "a.npy"], "a name ending in .npz"),
        (["brain_mri", "--out", "a.npz", "--seed", "-1"], "--seed is -1; give 0 or more"),
        (["brain_mri", "--out", "a.npz", "--workers", "0"], "--workers is 0; give 1 or more"),
        (["knee", "--out", "a.npz"], "invalid choice: 'knee'"),
    ],
)
def test_wrong_arguments_get_a_sentence(arguments, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(arguments)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
