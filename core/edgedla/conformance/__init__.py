"""The conformance kit: what is asked of a plugin, each rule with its reason and its remedy.

`edgedla check-plugin` and the pytest plugin `edgedla.testing` go through the same table, `rules.RULES`.
"""
