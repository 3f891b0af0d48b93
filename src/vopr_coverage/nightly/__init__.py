"""A whole night: its plan, its recordings, and the verdict on them."""
