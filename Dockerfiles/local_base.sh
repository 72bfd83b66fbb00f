#!/bin/sh
# The base image of this folder's Dockerfiles, made on this machine where no registry is reachable:
# Debian by debootstrap, with its own Python 3.11, under the name that FROM says. For tests; what
# runs on a cluster is built on the official image.
#
#   sh Dockerfiles/local_base.sh docker.io/library/python:3.11-slim-bookworm
#
# As root, with podman and debootstrap. DEBIAN_MIRROR names another mirror.
set -eu

image=${1:?name the image}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# The rest by apt-get: debootstrap does not follow every dependency.
{
  debootstrap --variant=minbase bookworm "$root" "$mirror" &&
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
      --no-install-recommends ca-certificates python3.11 python3.11-venv
} >"$root.log" 2>&1 || {
  tail -n 20 "$root.log" >&2
  echo "local_base.sh: no base image could be made; the whole log is in $root.log" >&2
  exit 1
}
rm -f "$root.log"

# Where the official image has them.
ln -s /usr/bin/python3.11 "$root/usr/local/bin/python3"
ln -s python3 "$root/usr/local/bin/python"
# What the official image leaves out, too.
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/*.log
rm -rf "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/info/*
find "$root/usr/share/locale" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
find "$root/usr" -name __pycache__ -prune -exec rm -rf {} +

tar -C "$root" --numeric-owner -cf - . | podman import \
  --change 'CMD ["python3"]' \
  --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change 'ENV LANG=C.UTF-8' \
  --change 'LABEL org.opencontainers.image.title=debootstrap' \
  - "$image" >/dev/null
echo "$image: made by debootstrap from $mirror"
