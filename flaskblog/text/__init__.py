"""Processing of text: normalization, Markdown, excerpts and differences."""
