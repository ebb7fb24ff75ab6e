"""A program that says how long names are."""

from benchmarks.asked_program import answer

if __name__ == "__main__":
    answer({"length": len})
