#!/bin/sh
# Builds the container image from dist/. Run from the root of the repository, after `make control-plane-binaries`.
#   IMAGE        name of the image
#   NODE_IMAGE   base image, Node 24 on Debian; defaults to the one in the Dockerfile
#   TOOLS_IMAGE  image with /kubectl and /helm; by default built from the verified binaries on this machine
set -eu

version=$(node -p 'require("./package.json").version')
image=${IMAGE:-overseer-gitops:$version}
tools=${TOOLS_IMAGE:-overseer-gitops-tools:local}

if [ -z "${TOOLS_IMAGE:-}" ]; then
  programs=$(node build/tools/binaries-cli.js)
  path_of() { printf '%s\n' "$programs" | sed -n "s/^$1 //p"; }
  tar --owner=0 --group=0 -c \
    -C "$(dirname "$(path_of kubectl)")" kubectl \
    -C "$(dirname "$(path_of helm)")" helm | docker import - "$tools" >/dev/null
fi

docker build --tag "$image" --build-arg "TOOLS_IMAGE=$tools" ${NODE_IMAGE:+--build-arg "NODE_IMAGE=$NODE_IMAGE"} .
echo "$image"
