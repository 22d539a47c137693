"""Running the model: the engine contract, the real one in a child process, a scripted fake."""
