"""The handout: the students' copy of the course, with recordings in the place of answers."""
