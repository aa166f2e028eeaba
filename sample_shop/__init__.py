"""A simulator of the TikTok Shop Partner API with a deterministic shop behind it.

It stands apart: it imports nothing of the project and checks signatures with its own code,
so that a mistake of the project cannot agree with itself. As a server: `python -m sample_shop`;
without a port: `sample_shop.adapter.SampleShopAdapter`.
"""
