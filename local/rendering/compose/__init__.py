"""Applications as a compose file."""
