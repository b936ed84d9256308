"""Mistakes in `actor_critic_step`, a module for each piece that they override."""
