"""How fast the site is, beside the same server with a view that does nothing: `make bench`."""
