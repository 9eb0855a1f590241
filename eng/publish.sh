#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Publishes the native executables (no trim or AOT warning passes: warnings are errors), runs each once, and writes in
# ARTIFACTS/sbom what it is made of.
set -euo pipefail
cd "$(dirname "$0")/.."
artifacts=${1:-artifacts}

if ! command -v gcc >/dev/null && ! command -v clang >/dev/null; then
  if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    apt-get update -q && apt-get install -qy gcc libc6-dev zlib1g-dev
  else
    echo 'Native executables need a C compiler (gcc or clang) and the headers of zlib to link.' >&2
    exit 1
  fi
fi
linker=$(command -v clang || command -v gcc)

publish() { # project, executable
  # Nothing but what the lock files name; an account of what is linked, for the list of what is in it; and no symbols of managed
  # code: they hold generated source, whose order is another one each time, and the executable would not be the same bytes again.
  dotnet publish "src/$1" -c Release -r linux-x64 -o "$artifacts/$2" --nologo -v q -p:CppCompilerAndLinker="$(basename "$linker")" \
    -p:RestoreLockedMode=true -p:IlcGenerateMstatFile=true -p:DebugType=none
  local version
  version=$("$artifacts/$2/$2" --version)
  dotnet run eng/sbom.cs -- "src/$1" "$2" "$version" "$artifacts" "$artifacts/sbom/$2.json"
  printf '%-24s %s, %d KiB\n' "$2" "$version" $(($(stat -c %s "$artifacts/$2/$2") / 1024))
}

publish FiveSpot.Controller 5spot
publish FiveSpot.ReclaimAgent 5spot-reclaim-agent
