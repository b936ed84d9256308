"""The pictures of the lesson: pure functions from data to figures.

`style` is what they share; `curves` draws what happens over episodes, `networks` what the two
networks are, `states` what they have learned. `python -m lesson.figures` makes those of the lesson.
"""
