"""Hand-written programs of the stories, against which the runtimes are timed."""
