"""From reports to a verdict."""
