"""What cuts a release: image, packages, release commit, text, and a rehearsal of all that needs no permission."""
