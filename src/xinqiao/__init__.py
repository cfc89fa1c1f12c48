"""Xinqiao (信桥): inclusive lending in which every loan can be proved."""
