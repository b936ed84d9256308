"""Mistakes in `collect_episode_with_values`, a module for each part of a round."""
