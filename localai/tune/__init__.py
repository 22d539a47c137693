"""Learning from the user: data, training, adapters, the gate, the job that joins them."""
