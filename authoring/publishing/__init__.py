"""What leaves the repository: the site, slides, copies for a class, and the kit without a network."""
