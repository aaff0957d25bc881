"""Banks of right and wrong answers, one module per lesson: RIGHT and WRONG, lists by exercise."""
