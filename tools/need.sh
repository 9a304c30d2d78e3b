#!/usr/bin/env bash
# need.sh PROGRAM...: make sure that the programs are there. As root on Debian, install them; otherwise say how.
set -euo pipefail

package_of() {
  case "$1" in
    cc | c++) echo build-essential ;;
    qemu-aarch64) echo qemu-user ;;
    aarch64-linux-gnu-gcc) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
    python3-venv) echo python3-venv ;;
    *) echo "$1" ;;
  esac
}

missing=()
for program in "$@"; do
  command -v "$program" >/dev/null && continue
  read -ra packages < <(package_of "$program")
  missing+=("${packages[@]}")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "This target needs: $*. On Debian or Ubuntu: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || {
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
