"""What the reference and the bank do, recorded: for a copy of the course that has neither.

Plain data, no code. `python -m grading.handout` makes the recordings; here they are read.
"""

from pathlib import Path

DATA = Path(__file__).parent / "data"
"""There only in a copy of the course that was made for students."""
