"""The catalogue as pages: every field to be found, understood, tried out and taken along."""
