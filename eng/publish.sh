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
  dotnet publish "src/$1" -c Release -r linux-x64 -o "$artifacts/$2" --nologo -v q -p:CppCompilerAndLinker="$(basename "$linker")"
  local version
  version=$("$artifacts/$2/$2" --version)
  dotnet run eng/sbom.cs -- "src/$1" "$2" "$version" "$artifacts/sbom/$2.json"
  printf '%-24s %s, %d KiB\n' "$2" "$version" $(($(stat -c %s "$artifacts/$2/$2") / 1024))
}

publish FiveSpot.Controller 5spot
publish FiveSpot.ReclaimAgent 5spot-reclaim-agent
