#!/bin/sh
# What `make images-test` needs of Debian, as root; then the base image, from the registry or, where
# none can be reached, made here.
set -eu

missing=
command -v podman >/dev/null || missing="$missing podman"
command -v runc >/dev/null || missing="$missing runc"
command -v debootstrap >/dev/null || missing="$missing debootstrap"
if [ -n "$missing" ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "make images-test: install$missing, or run it as root on Debian" >&2
    exit 1
  fi
  echo "Installing$missing ..."
  apt-get update -qq
  # shellcheck disable=SC2086 # names without spaces
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

base=$(sed -n 's/^ARG PYTHON_IMAGE=//p' Dockerfiles/color-serving.Dockerfile)
if podman image exists "$base"; then
  echo "$base: is here"
elif timeout 300 podman pull --quiet "$base" 2>/dev/null; then
  echo "$base: from its registry"
else
  echo "$base: its registry cannot be reached; making one with debootstrap ..."
  sh Dockerfiles/local_base.sh "$base" || {
    echo "make images-test: there is no base image" >&2
    exit 1
  }
fi
