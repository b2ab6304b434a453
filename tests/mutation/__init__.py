"""Would the tests notice? `python -m tests.mutation` changes one thing in `domain/` at a time and runs the file's own tests."""
