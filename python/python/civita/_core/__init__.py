"""A private module of NumPy's, as far as other people's libraries import it."""
