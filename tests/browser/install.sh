#!/usr/bin/env bash
# The browser that the tests of pages use: Debian's own, from its package.
set -euo pipefail

if command -v chromium >/dev/null; then
  exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo -n)
fi
if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
  echo "Installing chromium …"
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
  echo "The tests of the pages need Chromium: apt-get install chromium" >&2
  exit 1
fi
