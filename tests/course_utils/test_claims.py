from course_utils.results import Claim


def test_a_claim_that_holds_shows_nothing_that_differs_from_run_to_run():
    assert repr(Claim("The AUC is above 0.8.", True, "0.91")) == repr(
        Claim("The AUC is above 0.8.", True, "0.87")
    )


def test_a_claim_that_fails_says_what_the_text_says_and_what_this_run_got():
    shown = repr(Claim("The AUC is above 0.8.", False, "0.52"))
    assert "The text says: The AUC is above 0.8. This run got: 0.52." in shown
    assert "that is fine" in shown
