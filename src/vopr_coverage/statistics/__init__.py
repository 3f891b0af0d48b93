"""What counts say: intervals, losses, species, predictions. Pure functions of numbers, with their sources.

Every estimate that a user sees has its interval or its sample size beside it. What is advisory never decides.
"""
