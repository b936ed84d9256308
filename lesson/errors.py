"""What the lesson's commands say when they cannot do what was asked."""


class LessonError(Exception):
    """The message says what is wrong and what to do."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message, and not the way to it."""
        return [str(self)]
