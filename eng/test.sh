#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs every test project, one after the other (they share two cores with the servers that they start), and
# ends with one line of true counts, which it also leaves in artifacts/test-counts.
set -uo pipefail
cd "$(dirname "$0")/.."
configuration=${1:-Release}

# The scenarios run on a real kube-apiserver too. Where there can be none, they say so, and are skipped.
KUBEBUILDER_ASSETS=$(eng/kube-assets.sh) && export KUBEBUILDER_ASSETS || unset KUBEBUILDER_ASSETS
# Likewise the alerts, on a real Prometheus.
PROMETHEUS_ASSETS=$(eng/prometheus.sh) && export PROMETHEUS_ASSETS || unset PROMETHEUS_ASSETS

dotnet build 5spot.slnx -c "$configuration" --nologo -v q -clp:ErrorsOnly || exit 1

# Their names, each with the beginning of what is wrong.
failed_tests() {
  awk '/^failed /{sub(/^failed /, "  failed: "); print substr($0, 1, 200); left = 6; next}
       left > 0 && /^ *at /{left = 0}
       left > 0 && NF {sub(/^ */, "    "); print substr($0, 1, 200); left--}' "$1"
}

passed=0 failed=0 skipped=0 status=0 failures=""
mkdir -p artifacts/test-logs
rm -f artifacts/test-counts
for project in tests/*.Tests/; do
  name=$(basename "$project")
  log="artifacts/test-logs/$name.log"
  started=$SECONDS
  dotnet "tests/$name/bin/$configuration/net10.0/$name.dll" --no-ansi --progress off >"$log" 2>&1
  code=$?
  # Microsoft.Testing.Platform closes with "total:", "failed:", "succeeded:" and "skipped:".
  count() { sed -n "s/^ *$1: *\([0-9][0-9]*\).*/\1/p" "$log" | tail -1; }
  p=$(count succeeded) f=$(count failed) s=$(count skipped)
  if [ -z "$p" ] || [ -z "$f" ] || { [ "$code" -ne 0 ] && [ "${f:-0}" -eq 0 ]; }; then
    # A run that died counts as a failure, whatever it printed before.
    p=${p:-0} f=1 s=${s:-0}
  fi
  printf '%-34s %5d passed %4d failed %4d skipped %5d s\n' "$name" "$p" "$f" "${s:-0}" $((SECONDS - started))
  [ "$f" -ne 0 ] && { status=1; cat "$log"; failures+=$(failed_tests "$log")$'\n'; }
  # A skipped test is followed by its reason.
  awk '/^skipped /{getline; sub(/^ */, ""); print}' "$log" | sort | uniq -c | sort -rn | sed 's/^/      skipped /' | cut -c1-200
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
done

# Once more by name, at the end, where they are looked for.
printf '%s' "$failures" | sed '/^$/d'
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped" | tee artifacts/test-counts
exit "$status"
