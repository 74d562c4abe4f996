# Sourced by bin/demo and bin/test: makes .venv from a lock the first time, and again when the lock
# has changed. Needs Python 3.11 or later with its venv module, and nothing else.
#   prepare LOCK    e.g. prepare requirements.lock

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "Python 3.11 or later with venv is needed. Install it, or name one: PYTHON=/path/to/python3 $0" >&2
  return 1
}

prepare() {
  local lock="$root/$1" stamp="$root/.venv/.made-from-$1" python
  if [ -f "$stamp" ] && cmp -s "$lock" "$stamp"; then return; fi
  python="$(find_python)"
  echo "Making .venv from $1 (once) …" >&2
  [ -x "$root/.venv/bin/python" ] || "$python" -m venv "$root/.venv"
  "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
  "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --editable "$root"
  cp "$lock" "$stamp"
}
