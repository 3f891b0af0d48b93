"""What stands behind the words of the command line: flags, and from them to calls. Nothing is decided here."""
