"""Running the whole on one machine: the processes, who starts them, and who stops them."""
