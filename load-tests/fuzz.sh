#!/usr/bin/env bash
# fuzz.sh [seconds] [folder]: Jazzer on every decoder and on whole small images through check, map, repair, commit and pull.
# What it learns and finds stays in the folder (crash-* and timeout-* beside corpus); begin from there again by naming it again.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${2:-/var/tmp/planish-fuzz}")
mkdir -p "$folder/corpus"
exec ./mvnw -q -pl common test -Dtest=FuzzTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dplanish.fuzz.seconds="${1:-3600}" -Dplanish.fuzz.corpus="$folder/corpus"
