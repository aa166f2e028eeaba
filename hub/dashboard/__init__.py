"""How a shop or a client is doing, on one page.

view.py      what was chosen: subject, days, comparison (pure)
questions.py what is asked of the answer engine (pure)
tiles.py     answers → figures with their small charts (pure)
stands.py    answers → where orders and products stand (pure)
money.py     answers → profit and loss (pure)
activity.py  runs → what happened (pure)
routes.py    the page
"""
