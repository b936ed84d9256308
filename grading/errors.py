"""What can stand in the way of a grade, told apart by whose fault it is."""


class BadArguments(ValueError):
    """What was asked for makes no sense; the message says what would."""


class GraderError(RuntimeError):
    """The grader could not do its work; this is never a submission's fault."""
