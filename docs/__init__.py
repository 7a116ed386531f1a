"""The documentation, and the generator of the parts of it that the sources know best.

blocks     the marked places in Markdown files, and filling them
contents   what is generated: operations, options, variables, settings
"""
