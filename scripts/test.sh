#!/usr/bin/env bash
# Builds hfc and runs every test: the lit suite, the same suite under AddressSanitizer and UndefinedBehaviorSanitizer,
# and a minute of each fuzzer. Ends with "N passed, N failed, N skipped" alone on a line.
#
# usage: scripts/test.sh [--quick] [--full]
#   --quick   the lit suite only
#   --full    the whole matrix where CI runs a pairwise subset
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
quick=0
export HFC_TEST_FULL=0
for argument in "$@"; do
  case $argument in
  --quick) quick=1 ;;
  --full) HFC_TEST_FULL=1 ;;
  *) echo "unknown option $argument; see the head of $0" >&2; exit 2 ;;
  esac
done

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
fail() { # A part that could not run counts as failed.
  echo "could not run: $1" >&2
  printf '{"tests": [{"name": "%s", "code": "FAIL"}]}' "$1" >"$results/$(date +%s%N).json"
}
lit_suite() { # BUILD_DIR NAME
  # Debian's own Python, whatever else is on PATH: lit's --timeout needs its psutil.
  /usr/bin/python3 /usr/lib/llvm-22/bin/lit -q -v --timeout 600 -o "$results/$2.json" "$1/test"
  [ -s "$results/$2.json" ] || fail "$2 suite"
}

"$root/scripts/install.sh" || exit
if "$root/scripts/build.sh" "$root/build"; then
  lit_suite "$root/build" lit
else
  fail "the build"
fi

if [ $quick -eq 0 ]; then
  . "$root/scripts/sanitizers.sh"
  if "$root/scripts/build.sh" "$root/build-sanitize" -DHFC_SANITIZE=ON -DHFC_FUZZERS=ON; then
    lit_suite "$root/build-sanitize" sanitize
    "$root/scripts/fuzz.sh" "$root/build-sanitize" 60 "$results"
  else
    fail "the build with sanitizers"
  fi
fi
/usr/bin/python3 "$root/scripts/summarize_tests.py" "$results"
