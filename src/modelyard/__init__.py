"""modelyard: a self-hosted platform that tests, deploys and runs models which come in containers."""

__version__ = "0.1.0"
