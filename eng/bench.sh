#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures, and prints one table: schedules, openings, real, drain, native; all of them when none is named. Fails if a limit is broken.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ] || [[ " $* " == *' native '* ]]; then
  executable=artifacts/5spot/5spot
  if [ ! -x "$executable" ] || [ -n "$(find src/FiveSpot.{Api,Scheduling,Kubernetes,Controller} Directory.*.props \
    \( -name obj -o -name bin \) -prune -o -newer "$executable" -type f -print -quit)" ]; then
    eng/publish.sh artifacts
  fi
fi

dotnet build benchmarks/FiveSpot.Benchmarks -c Release --nologo -v q -clp:ErrorsOnly
exec dotnet benchmarks/FiveSpot.Benchmarks/bin/Release/net10.0/FiveSpot.Benchmarks.dll "$@"
