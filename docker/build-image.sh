#!/bin/sh
# The steps that the image is made of, each of which runs as well without one (the packaging tests do that).
#
#   build-image.sh install SOURCE PREFIX    an environment with fogbank in PREFIX, from a checkout (SOURCE may name extras: DIR[cli])
#   build-image.sh folders ROOT             the folders that fogbank uses in a container, under ROOT
#
# PIP_OPTIONS are given to pip, as in PIP_OPTIONS="--no-deps --no-build-isolation".
set -eu

install() {
  source=$1 prefix=$2
  python3 -m venv --without-pip "$prefix"
  # pip comes from outside: nothing in the image needs it, and it is as large as fogbank.
  # shellcheck disable=SC2086
  python3 -m pip --python "$prefix/bin/python" install \
    --quiet --no-cache-dir --no-compile --disable-pip-version-check ${PIP_OPTIONS:-} "$source"
  # Examples are for reading; nothing here does.
  find "$prefix" -name 'examples-1.json*' -path '*botocore/data*' -delete
  find "$prefix" -name examples -path '*awscli/examples' -prune -exec rm -rf {} +
  "$prefix/bin/python" -m compileall -q -j 0 "$prefix"/lib/python3*/site-packages
  "$prefix/bin/fogbank" --version
}

folders() {
  root=${1%/}
  mkdir -p "$root/var/lib/fogbank"
  for owner in fogbank localstack; do
    for stage in boot start ready shutdown; do
      mkdir -p "$root/etc/$owner/init/$stage.d"
    done
  done
  # Whoever the container runs as (`docker run --user`) may keep state there.
  chmod 1777 "$root/var/lib/fogbank"
}

step=$1
shift
"$step" "$@"
