#!/bin/sh
# Install node and npm from the distribution, where that is possible without asking anybody.
set -eu

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends nodejs npm >/dev/null
