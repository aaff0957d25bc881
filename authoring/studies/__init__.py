"""Studies of real images, realism and speed, whose tables the lessons quote."""
