"""The gate tests itself: faults planted in healthy evidence, and workflow files in which a red gate stops nothing."""
