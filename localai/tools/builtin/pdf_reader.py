"""The process that reads one PDF: its file is stdin, the text of its pages goes to stdout.

`python -c "from localai.tools.builtin.pdf_reader import main; main()" PAGE` writes one line
of JSON for each page from PAGE on, {"page": number, "text": text}, and {"end": true} after
the last one. It may write no file and ends when its parent wants it to; a file that cannot be
read, or needs a password, ends it with exit code 1 and no line.
"""

from __future__ import annotations

import json
import logging
import resource
import sys

MOST_CHARACTERS = 100_000
"""Of one page; nobody has written more on it."""


def main() -> None:
    """Read the pages from the one in the first argument on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable()
    import pypdf  # only for a PDF: it takes longer to import than a text to be indexed

    pages = pypdf.PdfReader(sys.stdin.buffer).pages
    for number in range(int(sys.argv[1]), len(pages) + 1):
        try:
            text = pages[number - 1].extract_text()[:MOST_CHARACTERS]
        except Exception:  # whatever is wrong with one page, the next one may be sound
            text = ""
        _say({"page": number, "text": text})
    _say({"end": True})


def _say(value: dict[str, object]) -> None:
    line = json.dumps(value, ensure_ascii=False) + "\n"
    sys.stdout.buffer.write(line.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
