"""What leaves the repository: site, slides, copies for a class, a kit without a network."""
