#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Provides a real Kubernetes API server for the tests: kube-apiserver, kube-controller-manager and etcd in one folder,
# whose path is the only thing that it prints to standard output.
#
# A folder named by KUBEBUILDER_ASSETS that has them is used as it is. On Debian 12 they are made once, in about five
# minutes, from Debian's own packages: its Kubernetes source, built by its Go, and its etcd. Nothing is installed but, if
# it is missing, dpkg-dev: packages are unpacked into the cache folder and used from there, so that no root is needed and
# no etcd service is started.
#
#   eng/kube-assets.sh            provide them, building if need be
#   eng/kube-assets.sh --if-built only look; fails if they would have to be built
set -euo pipefail

say() { printf 'kube-assets: %s\n' "$1" >&2; }

has_all() { [ -x "$1/kube-apiserver" ] && [ -x "$1/kube-controller-manager" ] && [ -x "$1/etcd" ]; }

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  has_all "$KUBEBUILDER_ASSETS" && { printf '%s\n' "$KUBEBUILDER_ASSETS"; exit 0; }
  say "KUBEBUILDER_ASSETS is $KUBEBUILDER_ASSETS, which lacks kube-apiserver, kube-controller-manager or etcd"
  exit 1
fi

cache=${FIVESPOT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/5spot}/kube-assets
# The folder is named after what it is made from and how: another recipe is another folder.
assets=$cache/1.20.2-4
has_all "$assets" && { printf '%s\n' "$assets"; exit 0; }
[ "${1:-}" = --if-built ] && exit 1

codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
if [ "$codename" != bookworm ]; then
  say "can be built on Debian 12 alone; elsewhere set KUBEBUILDER_ASSETS, to what 'setup-envtest use -p path' prints, with kube-controller-manager beside it"
  exit 1
fi

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # Two builds at once would spoil each other; the second finds the work of the first.
has_all "$assets" && { printf '%s\n' "$assets"; exit 0; }

work=$cache/work
log=$cache/build.log
step() { say "$1"; printf '\n== %s\n' "$1" >>"$log"; }
trap 'say "failed; the end of $log:"; tail -20 "$log" >&2' ERR
rm -rf "$work"
mkdir -p "$work/apt/lists/partial" "$work/apt/sources" "$work/packages"
: >"$log"

step 'fetching the packages (1 of 4)'
# A configuration of our own: the system's sources, with their source packages, in lists of our own.
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  if [ -s "$file" ]; then
    sed -n 's/^deb \(.*\)/deb \1\ndeb-src \1/p' "$file" >"$work/apt/sources/$(basename "$file")"
  fi
done
for file in /etc/apt/sources.list.d/*.sources; do
  if [ -s "$file" ]; then
    sed 's/^Types: *deb *$/Types: deb deb-src/' "$file" >"$work/apt/sources/$(basename "$file")"
  fi
done
cat >"$work/apt/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/apt/sources";
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt";
APT::Sandbox::User "";
CONF
export APT_CONFIG=$work/apt/apt.conf
apt-get update >>"$log" 2>&1
(
  cd "$work/packages"
  apt-get download etcd-server golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev
  apt-get source --download-only kubernetes
) >>"$log" 2>&1
if ! command -v dpkg-source >/dev/null; then
  apt-get install -y --no-install-recommends dpkg-dev >>"$log" 2>&1
fi

step 'unpacking them (2 of 4)'
for package in "$work"/packages/*.deb; do
  dpkg-deb -x "$package" "$work/root"
done
kubernetes=$work/go/src/k8s.io/kubernetes
mkdir -p "$(dirname "$kubernetes")"
dpkg-source --no-check -x "$work"/packages/kubernetes_*.dsc "$kubernetes" >>"$log" 2>&1
# The vendored one crashes when it is built with this Go.
rm -rf "$kubernetes/vendor/github.com/modern-go/reflect2"
cp -r "$work/root/usr/share/gocode/src/github.com/modern-go/reflect2" "$kubernetes/vendor/github.com/modern-go/"
rm -f "$kubernetes"/vendor/github.com/modern-go/reflect2/*_test.go
# Compares two reflect.Values as structs. With the Go of its time that never held; with this one it holds for every empty
# string, so that custom resources with one would be refused as null, which no released server does.
types=$kubernetes/vendor/k8s.io/kube-openapi/pkg/validation/validate/type.go
sed -i 's/if data == nil || reflect.DeepEqual(reflect.Zero(reflect.TypeOf(data)), reflect.ValueOf(data)) {/if data == nil {/' "$types"
grep -q '^	if data == nil {$' "$types"

step 'generating the OpenAPI definitions (3 of 4)'
export GOROOT=$work/root/usr/lib/go-1.19 GOPATH=$work/go GOCACHE=$work/go-cache GO111MODULE=off CGO_ENABLED=0 GOFLAGS=
cd "$kubernetes"
go=$GOROOT/bin/go
"$go" build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen >>"$log" 2>&1
# Every package that asks for definitions; those of staging by the path under which the server imports them.
inputs=$(grep -rl --include='*.go' '+k8s:openapi-gen=' pkg staging/src vendor/k8s.io/kube-openapi 2>/dev/null \
  | grep -v -e _test.go -e '/testdata/' -e 'vendor/k8s.io/kube-openapi/\(cmd\|pkg/generators\|test\)' \
  | xargs -n1 dirname | sort -u \
  | sed -e 's,^staging/src/,k8s.io/kubernetes/vendor/,' -e 's,^\(pkg\|vendor\)/,k8s.io/kubernetes/\1/,' | paste -sd,)
"$work/openapi-gen" --go-header-file hack/boilerplate/boilerplate.generatego.txt --logtostderr \
  --output-file-base zz_generated.openapi --output-package k8s.io/kubernetes/pkg/generated/openapi \
  --report-filename "$work/violations" -i "$inputs" >>"$log" 2>&1

step 'building the servers (4 of 4)'
ldflags='-s -w'
for package in component-base/version client-go/pkg/version; do # one for --version, one for what it tells clients
  version=k8s.io/kubernetes/vendor/k8s.io/$package
  ldflags+=" -X $version.gitVersion=v1.20.2 -X $version.gitMajor=1 -X $version.gitMinor=20"
done
"$go" build -trimpath -ldflags "$ldflags" \
  -o "$work/assets/" ./cmd/kube-apiserver ./cmd/kube-controller-manager >>"$log" 2>&1
cp "$work/root/usr/bin/etcd" "$work/assets/"

mv "$work/assets" "$assets"
cd "$cache"
chmod -R u+w "$work" && rm -rf "$work"
say "done: $assets"
printf '%s\n' "$assets"
