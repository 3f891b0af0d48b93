"""A Verdict as text, each form within the budget of where it is shown."""
