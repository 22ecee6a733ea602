"""Markdown in, Guide out: procedures, steps, their risk and variables, and what is stated beside them."""
