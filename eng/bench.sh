#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures, and prints one table: schedules, openings, real, drain, native, reclaim, owner, failover, lies; all of them when none is named. Fails if a limit is broken.
set -euo pipefail
cd "$(dirname "$0")/.."

# The native executables are made if one that is measured is missing, or older than what it is made of.
needs() { # part, executable, source folders
  local part=$1 executable=artifacts/$2/$2; shift 2
  [[ $# -gt 0 && ( -z $parts || " $parts " == *" $part "* ) ]] || return 1
  [ ! -x "$executable" ] || [ -n "$(find "${@/#/src/FiveSpot.}" Directory.*.props \
    \( -name obj -o -name bin \) -prune -o -newer "$executable" -type f -print -quit)" ]
}
parts=$*
controller=(5spot Api Scheduling Kubernetes.Objects Kubernetes Lifecycle Controller)
agent=(5spot-reclaim-agent Api Kubernetes.Objects Kubernetes ReclaimAgent)
if needs native "${controller[@]}" || needs failover "${controller[@]}" || needs lies "${controller[@]}" \
  || needs owner "${controller[@]}" \
  || needs reclaim "${agent[@]}" || needs owner "${agent[@]}"; then
  eng/publish.sh artifacts
fi
dotnet build benchmarks/FiveSpot.Benchmarks -c Release --nologo -v q -clp:ErrorsOnly
exec dotnet benchmarks/FiveSpot.Benchmarks/bin/Release/net10.0/FiveSpot.Benchmarks.dll "$@"
