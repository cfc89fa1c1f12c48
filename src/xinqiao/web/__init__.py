"""How people and programs reach the house: HTTP, pages."""
