#!/usr/bin/env bash
# Installs the sdist of this tree as a user would and shows that it works.
#
#   scripts/check_install.sh [PYTHON…]    python3.10 to python3.13 by default
#
# In an empty environment of each Python: pip builds the sdist (with nothing but a compiler), then
# `mol-edge doctor` and the tests of the core must pass. Where there is a Python 3.10 that can be
# copied, what pip would bring for the extra `jetson` is shown as well, over what JetPack 6 has:
# NumPy 1.21.5 and an OpenCV that was built against NumPy 1.
set -euo pipefail

readonly tree=$(cd "$(dirname "$0")/.." && pwd)
readonly folder=$(mktemp -d "${TMPDIR:-/tmp}/mol-edge-install.XXXXXX")
trap 'rm -rf "$folder"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf '\n== %s\n' "$*"; }

find_python() {  # version: its interpreter on the path, or below pyenv
  local found
  for found in $(type -ap "python$1" || true) "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
    if [[ $("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) == "$1" ]]; then
      echo "$found"
      return
    fi
  done
  echo "There is no Python $1 here: install it, or name others." >&2
  return 1
}

build_sdist() {
  "$1" -m venv "$folder/build"
  "$folder/build/bin/pip" install -q build
  "$folder/build/bin/python" -m build --sdist --outdir "$folder/dist" "$tree" >"$folder/sdist.log"
  sdist=$(echo "$folder"/dist/*.tar.gz)
  mkdir "$folder/away"
  cp -r "$tree/tests" "$tree/pyproject.toml" "$folder/away"
}

test_core() {  # python, further tests…: run those of the core and these, away from the tree
  local python=$1
  shift
  (cd "$folder/away" && "$python" -m pytest -q -p no:cacheprovider -o pythonpath= \
    tests/mol_edge/test_core_*.py "$@")
}

check_python() {  # python: an empty environment, the sdist, doctor, tests
  local home=$folder/$("$1" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
  say "$("$1" --version): pip install ${sdist##*/}[cpu]"
  "$1" -m venv "$home"
  "$home/bin/pip" install -q "$sdist[cpu]"
  (cd "$folder" && "$home/bin/mol-edge" doctor)
  "$home/bin/pip" install -q pytest pytest-timeout hypothesis
  test_core "$home/bin/python"
}

would_install() {  # pip, requirement: names of what pip would bring, sorted
  "$1" install -q --dry-run --report - "$2" | python3 -c \
    'import json, sys; print(*sorted(each["metadata"]["name"] for each in json.load(sys.stdin)["install"]))'
}

expect() {  # what, expected, got
  echo "$1: pip would install $3"
  [[ $2 == "$3" ]] || { echo "expected $2" >&2; return 1; }
}

# A copy of a Python stands for the system's: its packages are what JetPack's are, and the
# environment upon it is made with --system-site-packages, as docs/jetson.md says.
check_jetson() {  # python 3.10
  local prefix system=$folder/system
  prefix=$("$1" -c 'import sys; print(sys.base_prefix)')
  if [[ $prefix == /usr ]]; then
    say "The extra jetson: skipped, the Python 3.10 of the system cannot be copied"
    return
  fi
  say "The extra jetson"
  "$1" -m venv "$folder/empty"
  expect "empty environment" "mol-edge numpy" "$(would_install "$folder/empty/bin/pip" "$sdist[jetson]")"
  cp -a "$prefix" "$system"
  rm -rf "$system"/lib/python3.10/site-packages/*
  "$system/bin/python3.10" -m ensurepip >/dev/null
  "$system/bin/python3.10" -m pip install -q --root-user-action=ignore numpy==1.21.5
  "$system/bin/python3.10" -m pip install -q --root-user-action=ignore --no-deps \
    opencv-python-headless==4.7.0.72 onnxruntime==1.23.2 flatbuffers packaging protobuf
  "$system/bin/python3.10" -m venv --system-site-packages "$folder/jetson"
  expect "over NumPy 1.21.5" "mol-edge" "$(would_install "$folder/jetson/bin/pip" "$sdist[jetson]")"
  "$folder/jetson/bin/pip" install -q "$sdist[jetson]"
  "$folder/jetson/bin/python" -c 'import numpy; assert numpy.__version__ == "1.21.5", numpy'
  (cd "$folder" && "$folder/jetson/bin/mol-edge" doctor)
  (cd "$folder" && "$folder/jetson/bin/mol-edge" run "$tree/examples/data/demo.mp4" \
    --out "$folder/demo" --device onnxruntime --detector haar --max-frames 45 --quiet)
  "$folder/jetson/bin/pip" install -q pytest pytest-timeout hypothesis jsonschema
  test_core "$folder/jetson/bin/python" tests/mol_edge/test_{alignment,draw,optical,pen}.py \
    tests/mol_edge/test_{records,results,spotting,timeline,track,tracker,windows}.py
  "$folder/jetson/bin/python" -c 'import numpy; assert numpy.__version__ == "1.21.5", numpy'
}

pythons=("$@")
if [[ $# == 0 ]]; then
  for version in 3.10 3.11 3.12 3.13; do
    pythons+=("$(find_python "$version")")
  done
fi
build_sdist "${pythons[-1]}"
for python in "${pythons[@]}"; do
  check_python "$python"
done
for python in "${pythons[@]}"; do
  if "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))'; then
    check_jetson "$python"
  fi
done
say "Every installation works"
