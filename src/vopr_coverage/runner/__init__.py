"""A GitHub runner as a step sees it: inputs, files, event."""
