"""Whether our numbers are TikTok's, day by day, and what makes the difference where they are not.

bridge.py      from all that was placed to TikTok's own figure, in named steps (pure)
statements.py  whether statements add up, and what is not settled yet (pure)
routes.py      the page
"""
