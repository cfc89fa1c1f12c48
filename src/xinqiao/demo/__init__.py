"""What `make demo` needs: a book of real credit histories under invented names, and faces."""
