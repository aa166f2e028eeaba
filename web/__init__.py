"""Everything a route may take for granted: who asks, limits, headers, and how errors are told.

`attach.attach` puts it around every blueprint. Routes read `flask.g.principal` and import nothing
from here.
"""
