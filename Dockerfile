# The operator. Context: the root of the repository, with dist/ built (`make build`); `make image` does all of it.
#
# NODE_IMAGE   Node 24 on Debian, named with its version. Where it has git and ssh already, no package is fetched.
# TOOLS_IMAGE  An image with /kubectl and /helm, which render Kustomize and Helm sources. `make image` makes one.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG TOOLS_IMAGE=overseer-gitops-tools:local

FROM ${TOOLS_IMAGE} AS tools

FROM ${NODE_IMAGE} AS base
# A base of yours may have a user of its own.
USER 0:0
RUN set -eu; \
    if ! command -v git || ! command -v ssh || ! test -s /etc/ssl/certs/ca-certificates.crt; then \
      apt-get update; \
      apt-get install -y --no-install-recommends ca-certificates git openssh-client; \
      rm -rf /var/lib/apt/lists/*; \
    fi; \
    # ssh refuses to work for a user without a name.
    echo 'overseer:x:65532:65532:Overseer GitOps:/tmp:/usr/sbin/nologin' >> /etc/passwd; \
    echo 'overseer:x:65532:' >> /etc/group; \
    mkdir -p /app /var/cache/overseer-gitops; \
    chown 65532:65532 /var/cache/overseer-gitops; \
    # dist/ is made of ES modules, and there is no other package.json to say so.
    printf '{"type":"module"}\n' > /app/package.json

FROM base
COPY --from=tools /kubectl /helm /usr/local/bin/
COPY LICENSE /app/
COPY dist/ /app/
ENV HOME=/tmp NODE_ENV=production
WORKDIR /app
USER 65532:65532
EXPOSE 8080 9090
VOLUME ["/var/cache/overseer-gitops", "/tmp"]
# The flags of Node are those of tools/operator-command.ts; a test compares the two.
ENTRYPOINT ["node", "--max-semi-space-size=4", "--compact-on-every-full-gc", "/app/main.js"]
