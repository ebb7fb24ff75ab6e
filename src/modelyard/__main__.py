"""`python -m modelyard` is the same as `modelyard`."""

from modelyard.entrypoints.cli import main

if __name__ == "__main__":
    main()
