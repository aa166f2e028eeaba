"""Side-by-side measurements of the product; each prints one JSON line per figure."""
