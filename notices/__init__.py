"""Telling people what needs them: what is worth telling, how it is worded, and how it is sent."""
