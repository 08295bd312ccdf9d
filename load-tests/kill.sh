#!/usr/bin/env bash
# kill.sh [kills] [seed]: SIGKILL at random moments of real processes on real images (300 times, where nothing else is said), each
# followed by the same command, and QEMU's tools as judges.
set -euo pipefail
cd "$(dirname "$0")/.."
exec ./mvnw -q -pl cli -am test -Dtest=KilledProcessTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dplanish.kills="${1:-300}" ${2:+-Dplanish.seed="$2"}
