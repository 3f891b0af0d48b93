"""The gates: each a function of a report and its bounds."""
