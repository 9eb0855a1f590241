#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs every test project: the scenarios, which mostly wait for servers, and beside them the others, one after the
# other. Ends with one line of true counts, which it also leaves in artifacts/test-counts.
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

logs=artifacts/test-logs
rm -rf "$logs" artifacts/test-counts
mkdir -p "$logs"

# Leaves the output, the exit code and the seconds that it took.
run() {
  local started=$SECONDS
  dotnet "tests/$1/bin/$configuration/net10.0/$1.dll" --no-ansi --progress off --show-slowest-tests 10 >"$logs/$1.log" 2>&1
  echo "$? $((SECONDS - started))" >"$logs/$1.end"
}

passed=0 failed=0 skipped=0 status=0 failures=""
report() {
  local name=$1 log="$logs/$1.log" code seconds p f s
  read -r code seconds <"$logs/$1.end" && rm "$logs/$1.end"
  # Microsoft.Testing.Platform closes with "total:", "failed:", "succeeded:" and "skipped:".
  count() { sed -n "s/^ *$1: *\([0-9][0-9]*\).*/\1/p" "$log" | tail -1; }
  p=$(count succeeded) f=$(count failed) s=$(count skipped)
  if [ -z "$p" ] || [ -z "$f" ] || { [ "$code" -ne 0 ] && [ "${f:-0}" -eq 0 ]; }; then
    # A run that died counts as a failure, whatever it printed before.
    p=${p:-0} f=1 s=${s:-0}
  fi
  printf '%-34s %5d passed %4d failed %4d skipped %5d s\n' "$name" "$p" "$f" "${s:-0}" "$seconds"
  [ "$f" -ne 0 ] && { status=1; cat "$log"; failures+=$(failed_tests "$log")$'\n'; }
  # A skipped test is followed by its reason.
  awk '/^skipped /{getline; sub(/^ */, ""); print}' "$log" | sort | uniq -c | sort -rn | sed 's/^/      skipped /' | cut -c1-200
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + ${s:-0}))
}

# Who ends this ends all that it started.
trap 'trap - TERM; kill 0' INT TERM
scenarios=FiveSpot.Integration.Tests
run "$scenarios" &
for project in tests/*.Tests/; do
  name=$(basename "$project")
  [ "$name" = "$scenarios" ] || { run "$name"; report "$name"; }
done

wait
report "$scenarios"

# Once more by name, at the end, where they are looked for.
printf '%s' "$failures" | sed '/^$/d'
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped" | tee artifacts/test-counts
exit "$status"
