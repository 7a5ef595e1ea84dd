"""The command with the toy story, as a program: python -m tests.toy_catalogue run toy."""

import sys

from recsim_ng.stories import catalogue

TOY = catalogue.Entry("toy", "tests.toy_story", "Random walks.")

if __name__ == "__main__":
    catalogue.STORIES = (*catalogue.STORIES, TOY)
    from recsim_ng.cli import main

    sys.exit(main())
