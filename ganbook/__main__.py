"""``python -m ganbook``, and so ``accelerate launch -m ganbook train ...``."""

from ganbook.cli import main

if __name__ == "__main__":
    main()
