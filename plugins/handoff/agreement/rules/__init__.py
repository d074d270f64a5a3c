"""The rules that an agreement must keep, by family. Each is a function of the whole agreement that yields problems.

A rule skips what another has told already: a cell that is blank or of the wrong type has no value here.
"""
