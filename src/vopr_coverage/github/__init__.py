"""The only part that talks to GitHub: `place.py` and `plan.py` decide, `api.py` does, `upsert.py` sees it through."""
