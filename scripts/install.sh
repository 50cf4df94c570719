#!/usr/bin/env bash
# Installs what hfc needs on Debian 12, from Debian's own package registry. Needs root only if something is missing.
set -euo pipefail

packages=(cmake ninja-build git python3 clang-22 lld-22 llvm-22-dev libmlir-22-dev mlir-22-tools llvm-22-tools
          libclang-rt-22-dev libstdc++-12-dev python3-psutil nlohmann-json3-dev libopenblas-dev ccache zlib1g-dev libzstd-dev)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

if [ "$(id -u)" -ne 0 ]; then
  echo "hfc needs these Debian packages; run as root: apt-get install ${missing[*]}" >&2
  exit 2
fi
echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
