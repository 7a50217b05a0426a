import type { DocumentKind } from "../../src/api/documents/documents.js";

/** Examples of each kind of document, with titles. A test expands all of them. */
export const DOCUMENT_EXAMPLES: Readonly<Record<DocumentKind, readonly (readonly [title: string, yaml: string])[]>> = {
  App: [
    [
      "A web app with a database, a route and a nightly backup.",
      `
apiVersion: overseer.io/v1
kind: App
metadata:
  name: wiki
  namespace: production
spec:
  domain: wiki.example.com
  targetNode: node-1
  compose:
    services:
      wiki:
        image: requarks/wiki:\${WIKI_VERSION:-2}
        environment:
          DB_TYPE: postgres
          DB_HOST: db
          DB_PORT: 5432
          DB_USER: wiki
          DB_NAME: wiki
          DB_PASS: \${SECRET:wiki-db-password}
        expose:
          - "3000"
        depends_on:
          db:
            condition: service_healthy
      db:
        image: postgres:16-alpine
        environment:
          POSTGRES_USER: wiki
          POSTGRES_DB: wiki
          POSTGRES_PASSWORD: \${SECRET:wiki-db-password}
        volumes:
          - db:/var/lib/postgresql/data
        healthcheck:
          test: [CMD-SHELL, pg_isready -U $$POSTGRES_USER]
          interval: 10s
    volumes:
      db: {}
  routes:
    - path: /
      tls: true
      auth: oidc
  backup:
    schedule: "0 2 * * *"
    retention:
      days: 14
`,
    ],
    [
      "An app whose Compose document is a separate file.",
      `
apiVersion: overseer.io/v1
kind: App
metadata:
  name: photos
spec:
  domain: photos.example.com
  composeFiles:
    - photos/compose.yaml
  env:
    PHOTOS: /srv/photos
  resources:
    cpus: 2
    memory: 1g
`,
    ],
  ],
  Node: [
    [
      "Configuration of a node.",
      `
apiVersion: overseer.io/v1
kind: Node
metadata:
  name: node-1
spec:
  description: Server in the basement.
  labels:
    disk: ssd
  schedulable: true
`,
    ],
  ],
  Route: [
    [
      "A second route to an app in another document, with sign-in.",
      `
apiVersion: overseer.io/v1
kind: Route
metadata:
  name: wiki-admin
spec:
  app: wiki
  host: admin.example.com
  path: /wiki
  service: wiki
  port: 3000
  auth: oidc
`,
    ],
  ],
  Policy: [
    [
      "A weekly backup of two apps.",
      `
apiVersion: overseer.io/v1
kind: Policy
metadata:
  name: weekly
spec:
  apps:
    - wiki
    - photos
  backup:
    schedule: "0 4 * * 0"
    retention:
      days: 90
`,
    ],
    [
      "Host access of apps. On an Overseer Core, it only takes away from what the flags of the agent allow.",
      `
apiVersion: overseer.io/v1
kind: Policy
metadata:
  name: host-access
spec:
  hostAccess:
    paths:
      - /srv
    dockerSocket: false
`,
    ],
  ],
  Secret: [
    [
      "A secret whose values are in stores of the OverseerApp.",
      `
apiVersion: overseer.io/v1
kind: Secret
metadata:
  name: db
spec:
  values:
    password:
      store: vault
      name: shop/db
      key: password
  data:
    password: \${password}
    url: postgres://shop:\${password}@db/shop
`,
    ],
    [
      "A secret that is in the repository, in a file that is encrypted with SOPS.",
      `
apiVersion: overseer.io/v1
kind: Secret
metadata:
  name: smtp
spec:
  data:
    value: put-the-password-here
`,
    ],
  ],
};

/** The Compose file of the second example of an App. */
export const EXAMPLE_COMPOSE_FILE = {
  path: "photos/compose.yaml",
  text: `
services:
  photos:
    image: ghcr.io/immich-app/immich-server:v1.120.0
    ports:
      - "2283:2283"
    volumes:
      - \${PHOTOS:?directory of the photos}:/usr/src/app/upload
`,
} as const;
