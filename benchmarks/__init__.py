"""Speed, side by side: this package, Advanced Alchemy, and the drivers alone."""
