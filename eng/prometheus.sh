#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Provides prometheus and promtool for the tests in one folder, whose path is the only thing that it prints to standard
# output.
#
# A folder named by PROMETHEUS_ASSETS that has them is used as it is; so are those on the path. On Debian they are unpacked
# once, in seconds, from its own package into the cache folder: nothing is installed, no root is needed, and no service is
# started.
#
#   eng/prometheus.sh            provide them
#   eng/prometheus.sh --if-there only look; fails if they would have to be fetched
set -euo pipefail

say() { printf 'prometheus: %s\n' "$1" >&2; }

has_both() { [ -x "$1/prometheus" ] && [ -x "$1/promtool" ]; }

if [ -n "${PROMETHEUS_ASSETS:-}" ]; then
  has_both "$PROMETHEUS_ASSETS" && { printf '%s\n' "$PROMETHEUS_ASSETS"; exit 0; }
  say "PROMETHEUS_ASSETS is $PROMETHEUS_ASSETS, which lacks prometheus or promtool"
  exit 1
fi

if found=$(command -v promtool); then
  has_both "$(dirname "$found")" && { dirname "$found"; exit 0; }
fi

cache=${FIVESPOT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/5spot}/prometheus
assets=$cache/bin
has_both "$assets" && { printf '%s\n' "$assets"; exit 0; }
[ "${1:-}" = --if-there ] && exit 1

if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  say "can be fetched on Debian alone; elsewhere set PROMETHEUS_ASSETS to a folder with prometheus and promtool"
  exit 1
fi

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # The second of two at once finds the work of the first.
has_both "$assets" && { printf '%s\n' "$assets"; exit 0; }

work=$cache/work
log=$cache/fetch.log
trap 'say "failed; the end of $log:"; tail -20 "$log" >&2' ERR
rm -rf "$work"
mkdir -p "$work/apt/lists/partial"
: >"$log"

say 'fetching the package'
# Lists of our own: the system's may be missing, as they are in images, and are not ours to change.
cat >"$work/apt/apt.conf" <<CONF
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt";
APT::Sandbox::User "";
CONF
export APT_CONFIG=$work/apt/apt.conf
apt-get update >>"$log" 2>&1
(cd "$work" && apt-get download prometheus) >>"$log" 2>&1
dpkg-deb -x "$work"/prometheus_*.deb "$work/root"

"$work/root/usr/bin/promtool" --version >>"$log" 2>&1
mv "$work/root/usr/bin" "$assets"
rm -rf "$work"
say "done: $assets"
printf '%s\n' "$assets"
