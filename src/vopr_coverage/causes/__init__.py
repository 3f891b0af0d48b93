"""From the findings of a verdict to their causes, by rules over facts."""
