"""``python -m tests.fuzz``: runs every property with fresh seeds for as long as asked, and keeps what fails."""

from tests.fuzz.command import main

if __name__ == "__main__":
    main(prog_name="python -m tests.fuzz")
