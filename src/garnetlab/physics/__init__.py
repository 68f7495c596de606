"""Physics, one mechanism per module. Modules hold pure functions of SI floats and arrays; import them by name."""
