#!/usr/bin/env bash
# Judges and measures the CUDA devices of this machine: the conformance suite, the fault tests,
# compute-sanitizer on small sizes where it is installed, then what the silicon does and the kernels beside
# their floors. What it prints goes into docs/measurements.md with date, card, driver and this command.
#
# benches/gpu.sh           builds what it runs, with cargo and jq
# benches/gpu.sh --pack DIR  builds it into DIR, and nothing else
# PREBUILT=DIR DIR/gpu.sh    runs that, on a machine with CUDA's driver and no Rust
# DEVICE=cuda:N            another device than cuda:0
set -euo pipefail
cd -- "$(dirname -- "$0")"
device=${DEVICE:-cuda:0}
programs=(conformance cuda gpu)

pack() {
  local to=$1 messages
  mkdir -p "$to"
  messages=$(
    cargo test -q --no-run --message-format=json -p proofmill --test conformance --test cuda
    cargo build -q --release --message-format=json -p proofmill-benches --bin gpu
  )
  local name path
  for name in "${programs[@]}"; do
    path=$(jq -r --arg name "$name" 'select(.executable and .target.name == $name).executable' <<< "$messages")
    cp "$path" "$to/$name"
  done
  cp gpu.sh "$to"
}

case ${1:-} in
  --pack) pack "$2"; exit ;;
  "") ;;
  *) sed -n '2,10s/^# \?//p' gpu.sh >&2; exit 2 ;;
esac
if [ -z "${PREBUILT:-}" ]; then
  PREBUILT=$(mktemp -d)
  trap 'rm -rf "$PREBUILT"' EXIT
  pack "$PREBUILT"
fi
cd -- "$PREBUILT"

part() {
  printf '\n== %s\n' "$1"
  "${@:2}"
}
suite() { PROOFMILL_TEST_DEVICES=$device "$@"; }

part "conformance on $device" suite ./conformance --skip emulated
part "faults" ./cuda
if command -v compute-sanitizer > /dev/null; then
  for tool in memcheck racecheck initcheck synccheck; do
    part "compute-sanitizer, $tool" suite compute-sanitizer --tool "$tool" --error-exitcode 1 \
      ./conformance --skip emulated --exact chains::the_quotient_of_groth16_holds_on_every_device_under_every_policy
  done
else
  echo "compute-sanitizer is not installed: not run"
fi
command -v nvidia-smi > /dev/null && part "card and driver" nvidia-smi
part "rates and floors" ./gpu "$device"
