"""The lockfile of points: read and written, what runs show about it, which moves they warrant, what drifted."""
