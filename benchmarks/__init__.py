"""Benchmarks of the site, relative to a bare Flask view on the same server: `make bench`."""
