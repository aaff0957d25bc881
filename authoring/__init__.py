"""What makes the course and is not needed to take it: experiments, studies, the workshop."""
