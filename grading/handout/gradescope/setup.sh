#!/usr/bin/env bash
# Gradescope runs this once, when the image is built.
set -euo pipefail
root=${AUTOGRADER:-/autograder}
apt-get update -qq
apt-get install -y -qq bubblewrap util-linux python3 python3-venv
python3 -m venv "$root/venv"
cd "$root/source/course"
export PIP_EXTRA_INDEX_URL=${PIP_EXTRA_INDEX_URL-https://download.pytorch.org/whl/cpu}
"$root/venv/bin/python" -m pip install --quiet -c constraints.txt .
