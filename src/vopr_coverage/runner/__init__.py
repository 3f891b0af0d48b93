"""A GitHub runner as a step sees it: environment, event, inputs, files."""
