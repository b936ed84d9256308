"""The mistakes of each exercise, in a module or a package of its name."""
