"""The features of this build; build.py puts another text in the place of this file."""

FEATURES: tuple[str, ...] | None = None  # None: run from source, where --features says
