"""The guards: what every module must keep to, read off the sources and the models."""
