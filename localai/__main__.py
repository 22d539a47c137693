"""`python -m localai` is the same as `localai`."""

from localai.cli.main import main

if __name__ == "__main__":
    main()
