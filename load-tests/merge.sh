#!/usr/bin/env bash
# Times and bytes of Planish and qemu-img side by side, each on fresh copies of one chain, in turn, until the data is synced.
# usage: load-tests/merge.sh [FOLDER [ROUNDS]]    needs about 12 GB in FOLDER (default: a new folder under /var/tmp), removed at the end
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
readonly planish=$root/planish
readonly folder=${1:-$(mktemp -d /var/tmp/planish-merge.XXXXXX)}
readonly rounds=${2:-3}
readonly seed=$folder/seed
readonly work=$folder/work

mkdir -p "$seed"
trap 'rm -rf -- "$seed" "$work"; rmdir -- "$folder" 2>/dev/null || true' EXIT

# overlay NAME BACKING PATTERN: 450 MB in random extents of 64 KiB to 1 MiB
overlay() {
  qemu-img create -q -f qcow2 -b "$2" -F qcow2 "$seed/$1" 2G
  awk -v seed="$3" -v pattern="$3" 'BEGIN {
    srand(seed)
    for (sum = 0; sum < 450 * 1048576; sum += bytes) {
      bytes = (1 + int(rand() * 16)) * 65536
      print "write -q -P " pattern " " int(rand() * (2147483648 - bytes) / 65536) * 65536 " " bytes
    }
  }' | qemu-io -t unsafe -f qcow2 "$seed/$1" >"$folder/qemu-io.log"
  rm -f -- "$folder/qemu-io.log"
}

echo "building the chain: base of 2 GiB, three overlays of about 450 MB" >&2
qemu-img create -q -f qcow2 "$seed/base" 2G
qemu-io -t unsafe -f qcow2 -c 'write -q -P 1 0 1G' -c 'write -q -P 1 1G 1G' "$seed/base"
overlay s1 base 2
overlay s2 s1 3
overlay active s2 4
"$planish" --version >/dev/null

fresh() {
  rm -rf -- "$work"
  mkdir -p "$work"
  cp -- "$seed"/* "$work"/
  sync -f "$work"
}

# measure NAME COMMAND...: milliseconds and MiB written by the command and the sync after it, as the kernel accounts them
measure() {
  local name=$1
  shift
  fresh
  (
    cd "$work"
    bash -c '
      name=$1; shift
      begin=$(date +%s%N)
      "$@" >/dev/null
      sync -f .
      end=$(date +%s%N)
      written=$(sed -n "s/^write_bytes: //p" /proc/$$/io)
      echo "$name $(((end - begin) / 1000000)) $((written / 1048576))"
    ' measure "$name" "$@"
  ) >>"$folder/results"
  local image=$work/active
  [[ -e $image ]] || image=$work/base
  qemu-img compare -q "$image" "$seed/active" || { echo "$name: content differs" >&2; exit 1; }
  qemu-img check -q "$image" || { echo "$name: check failed" >&2; exit 1; }
}

: >"$folder/results"
for ((round = 1; round <= rounds; round++)); do
  echo "round $round of $rounds" >&2
  measure commit/planish "$planish" commit -q -d -b base active
  measure commit/qemu-img qemu-img commit -q -b base active
  measure pull/qemu-img qemu-img rebase -b base -F qcow2 active
  measure pull/planish "$planish" pull -b base active
  measure flatten/planish "$planish" flatten --max-depth 1 --yes --delete .
  measure flatten/qemu-img qemu-img rebase -b '' active
done

median() {
  grep "^$1 " "$folder/results" | awk -v field="$2" '{ print $field }' | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

printf '%-9s %14s %14s %7s %14s %14s\n' 'medians' 'planish ms' 'qemu-img ms' 'ratio' 'planish MiB' 'qemu-img MiB'
for operation in commit pull flatten; do
  ours=$(median "$operation/planish" 2)
  theirs=$(median "$operation/qemu-img" 2)
  printf '%-9s %14s %14s %7s %14s %14s\n' "$operation" "$ours" "$theirs" \
    "$(awk -v a="$theirs" -v b="$ours" 'BEGIN { printf "%.2f", a / b }')" \
    "$(median "$operation/planish" 3)" "$(median "$operation/qemu-img" 3)"
done
rm -f -- "$folder/results"
