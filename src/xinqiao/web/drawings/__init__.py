"""Pictures that are one SVG each, drawn on the server: they need no script, no style of their own, and print."""
