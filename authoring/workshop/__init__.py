"""Tools of the course's authors; a learner needs none of them."""
