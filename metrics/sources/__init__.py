"""Where orders come from: files and databases."""
