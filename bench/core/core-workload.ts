/** What one app of the Core is, as the bare client and the documents have it. */
export interface BenchApp {
  readonly name: string;
  /** Counts what the bench changes about it. */
  readonly edition: number;
}

/** Name of the node that all apps are for. */
export const NODE = "node-1";
/** Folder of the repository that holds the apps. */
export const FOLDER = "apps";

/** Name of the nth app. */
export function coreAppName(app: number): string {
  return `bench-${String(app).padStart(4, "0")}`;
}

/** A Compose document of two services and a volume, some 600 bytes, as YAML that is JSON too. */
export function composeOf({ name, edition }: BenchApp): string {
  const web = {
    image: `registry.example.com/${name}/web:1.${edition}`,
    restart: "unless-stopped",
    environment: {
      DATABASE_HOST: "db",
      DATABASE_NAME: name,
      EDITION: String(edition),
      PUBLIC_URL: `https://${name}.example.com`,
    },
    expose: ["8080"],
    healthcheck: { test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://localhost:8080/health"], interval: "30s" },
  };
  const db = {
    image: "postgres:17-alpine",
    restart: "unless-stopped",
    environment: { POSTGRES_DB: name },
    volumes: [`${name}-data:/var/lib/postgresql/data`],
  };
  return JSON.stringify({ services: { web, db }, volumes: { [`${name}-data`]: {} } });
}

/** Path of the document of an app: one file per app. */
export function documentPath(app: number): string {
  return `${FOLDER}/${coreAppName(app)}.yaml`;
}

/** The document of the nth app. */
export function appDocument(app: number, edition = 0): string {
  const name = coreAppName(app);
  return [
    "apiVersion: overseer.io/v1",
    "kind: App",
    `metadata:\n  name: ${name}`,
    `spec:\n  targetNode: ${NODE}\n  description: App ${app} of the benchmark.`,
    `  compose: ${composeOf({ name, edition })}\n`,
  ].join("\n");
}

/** All files of the repository. */
export function coreRepositoryFiles(apps: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: apps }, (_, app) => [documentPath(app), appDocument(app)]));
}

/**
 * The same apps as the bare client sends them: with metadata as large as the mark that the operator leaves, so that the Core
 * has the same work with each.
 */
export function bareApps(apps: number, nodeId: string): object[] {
  return Array.from({ length: apps }, (_, app) => ({
    name: coreAppName(app),
    description: `App ${app} of the benchmark.`,
    nodeId,
    compose: composeOf({ name: coreAppName(app), edition: 0 }),
    metadata: {
      "bench-client": {
        app: "bench-apps/fleet",
        instance: "00000000-0000-4000-8000-000000000000",
        document: "0123456789abcdef0123456789abcdef",
        content: "0123456789abcdef0123456789abcdef",
        refs: { node: NODE },
        pruneDisabled: false,
        namespace: "",
      },
    },
  }));
}
