"""The history of nights."""
