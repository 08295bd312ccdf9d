#!/usr/bin/env bash
# random.sh [cases] [first seed]: random chains of all shapes and a random operation on each, judged by QEMU's tools (10000 cases, where
# nothing else is said). Failing seeds are printed with what was made and done.
set -euo pipefail
cd "$(dirname "$0")/.."
exec ./mvnw -q -pl cli -am test -Dtest=RandomMergesTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dplanish.random.cases="${1:-10000}" -Dplanish.random.seed="${2:-1}"
