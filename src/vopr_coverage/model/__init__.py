"""Plain data that all judges share. Nothing here judges, reads or prints."""
