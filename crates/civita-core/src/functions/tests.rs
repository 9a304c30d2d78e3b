//! What every row gets for free. (Values are compared with NumPy's in Python, on the same calls.)
