"""A replicated log in a deterministic simulator, small enough to read in one sitting; README.md is the way in."""
