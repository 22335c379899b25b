"""What batch jobs and their items may do when: states, actions and the working of slices, decided without I/O."""
