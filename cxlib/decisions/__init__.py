"""What to do: goals that can be seen, experiments, impact and money."""
