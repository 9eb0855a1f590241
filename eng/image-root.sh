#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts together all files of an image: eng/image-root.sh 5spot|5spot-reclaim-agent FOLDER. The executable is taken from
# artifacts (make publish), and its libraries from this system, which is the one that it was linked on: so they fit.
set -euo pipefail
cd "$(dirname "$0")/.."
executable=$1 root=$2
case $executable in
  5spot) project=src/FiveSpot.Controller ;;
  5spot-reclaim-agent) project=src/FiveSpot.ReclaimAgent ;;
  *) echo "There is no image of $executable." >&2; exit 2 ;;
esac
mkdir -p "$root"/{etc/ssl/certs,proc,sys,dev,tmp}

# The linker knows of libc. For TLS, OpenSSL is loaded by name when it is first needed.
openssl=$(ldconfig -p | sed -n 's/^\s*libssl\.so\.3 .*x86-64.* => //p' | head -1)
if [ -z "$openssl" ]; then
  echo 'OpenSSL 3 is missing here: on Debian it is in the package libssl3.' >&2
  exit 1
fi
packages=()
while read -r library; do
  # At the path at which the loader looks for it, whatever links lead there here.
  install -D -m 755 "$(readlink -f "$library")" "$root$library"
  # dpkg knows some by the path that they had before /lib became a link to /usr/lib.
  file=$(readlink -f "$library")
  package=$({ dpkg-query -S "$file" || dpkg-query -S "${file#/usr}"; } 2>/dev/null | cut -d: -f1) || continue
  packages+=("$package=$(dpkg-query -W -f '${Version}' "$package:amd64")")
done < <({ echo "$openssl"; ldd "artifacts/$executable/$executable" "$openssl"; } | grep -o '/[^ :]*\.so[^ :]*' | grep -v : | sort -u)

install -m 755 "artifacts/$executable/$executable" "$root/$executable"
install -m 644 LICENSE "$root/LICENSE"
# For servers whose kubeconfig names no authority of its own.
install -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
# .NET looks for certificates of the user, too, and refuses all of TLS where a user has no home to look in.
printf '%s\n' 'root:x:0:0:root:/:/nonexistent' 'nobody:x:65534:65534:nobody:/:/nonexistent' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'nobody:x:65534:' >"$root/etc/group"

mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
dotnet run eng/sbom.cs -- "$project" "$executable" "$("artifacts/$executable/$executable" --version)" artifacts "$root/sbom.json" "${packages[@]}"
