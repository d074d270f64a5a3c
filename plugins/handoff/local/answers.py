"""Exit 0 when an address answers with success: the health check of images that carry no other HTTP client.

python -m handoff.local.answers http://127.0.0.1:8080/api/v2/version
"""

import sys
from urllib.error import URLError
from urllib.request import urlopen

TIMEOUT_S = 8


def main(url: str) -> int:
    try:
        with urlopen(url, timeout=TIMEOUT_S):
            return 0
    except (URLError, OSError) as failed:
        print(f"{url} does not answer: {failed}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
