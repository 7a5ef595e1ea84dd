"""For tools that expect a setup.py; all metadata stands in pyproject.toml."""

from setuptools import setup

setup()
