"""Which seeds hit which points together: pairs that never met, and the few seeds that reach everything. Pure."""
