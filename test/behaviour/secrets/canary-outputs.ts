import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { APPS } from "./canary-apps.js";
import { type CanaryBench, contentOf } from "./canary-bench.js";

/** A place where people or programs read. */
interface Output {
  /** Name in the documentation. */
  readonly name: string;
  /** What it has at present. */
  readonly read: (bench: CanaryBench) => Promise<string>;
  /** A text that it has in the end: otherwise it was not read. */
  readonly proof: RegExp;
}

/** Objects whose metadata the operator writes. */
const LIVE = [
  ["v1", "Secret"],
  ["v1", "ConfigMap"],
  ["apps/v1", "Deployment"],
] as const;

/** All outputs. */
export const OUTPUTS = [
  {
    name: "conditions, status and plans of resources",
    read: async ({ streams }) => streams.resources,
    // The API server escapes `<`.
    proof: /redacted[\s\S]*"type":"Drifted"|"type":"Drifted"[\s\S]*redacted/,
  },
  { name: "Events", read: async ({ streams }) => streams.events, proof: /cluster/ },
  {
    name: "metadata of live objects",
    read: async ({ parts: { world } }) => {
      const lists = LIVE.map(([apiVersion, kind]) => world.kube.list(apiVersion, kind, world.namespace));
      return JSON.stringify((await Promise.all(lists)).flat().map(({ metadata }) => metadata));
    },
    proof: /config-checksum|gitops\.overseer\.io\/applied/,
  },
  {
    name: "log of the operator, with `--log-level=debug`",
    read: ({ parts: { world } }) => contentOf(world.operator.dir, /operator-\d+\.log$/),
    proof: /"level":"debug"/,
  },
  {
    name: "log of the REST API",
    read: ({ api }) => contentOf(api.dir, /operator-\d+\.log$/),
    proof: /serving the REST API/,
  },
  { name: "audit trail", read: ({ auditDir }) => contentOf(auditDir), proof: /"verb":"sync"/ },
  {
    name: "metrics",
    read: async ({ api, parts: { world } }) => {
      const running = [api, world.operator].filter((process) => process.running);
      const texts = running.map(async (process) => (await fetch(`${await process.address()}/metrics`)).text());
      return (await Promise.all(texts)).join("\n");
    },
    proof: /overseer_renders_total/,
  },
  {
    name: "REST API, and so the web UI",
    read: async (bench) => {
      // Without a leader, many requests wait.
      if (bench.parts.world.operator.running) await readEverything(bench);
      return `${bench.alice.seen.join("\n")}\n${bench.streams.rest}`;
    },
    proof: /"planHash"[\s\S]*<redacted>/,
  },
  {
    name: "command line",
    read: async ({ cli }) => cli.printed,
    proof: /<redacted>/,
  },
  { name: "messages of channels", read: async ({ streams }) => streams.channel, proof: /app\.failed/ },
  {
    name: "API of the Core",
    read: async ({ parts: { core } }) => {
      const apps = await core.list("apps");
      const jobs = await core.list("jobs");
      const one = [
        ...apps.map(({ id }) => `/api/apps/${id}/versions`),
        ...jobs.map(({ id }) => `/api/jobs/${id}/logs`),
      ];
      const lists = ["apps", "routes", "nodes", "jobs", "secrets", "tokens", "audit", "changes"].map(
        (name) => `/api/${name}`,
      );
      const bodies = [...lists, ...one].map(async (path) => JSON.stringify((await core.call("GET", path)).body));
      return (await Promise.all(bodies)).join("\n");
    },
    proof: /smtp\.password/,
  },
  {
    name: "log and files of the Core",
    read: async ({ parts: { core } }) =>
      (await core.core.log()) + (await contentOf(core.core.dataDir, /(?<!admin-token)$/)),
    proof: /listening/,
  },
  {
    name: "log and files of the agent",
    read: async ({ parts: { core } }) =>
      ((await core.agent?.log()) ?? "") + (await contentOf(core.agent?.dataDir ?? "")),
    proof: /registered/,
  },
  {
    name: "files of the operator, also after a crash",
    read: async ({ parts: { world } }) => {
      const left = await Promise.all(["/dev/shm", tmpdir()].map(leftOvers));
      return (await contentOf(join(world.operator.dir, "cache"))) + left.join("\n");
    },
    proof: /./,
  },
] as const satisfies readonly Output[];

export type OutputName = (typeof OUTPUTS)[number]["name"];

/** Folders of renders that a killed operator has left in a folder. */
async function leftOvers(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const ours = names.filter((name) => name.startsWith("overseer-render-"));
  return (await Promise.all(ours.map((name) => contentOf(join(folder, name))))).join("\n");
}

interface Operation {
  readonly get?: { readonly parameters?: readonly { readonly name: string; readonly schema: { enum?: string[] } }[] };
}

/** Routes that are not read: streams, the log of a pod, and the sign-in. */
const NOT_READ = /\/(logs|events|watch|sign-in.*|openapi\.json|can-i)$/;

/** Reads all routes of the REST API that its description has, for all apps and Changes. */
async function readEverything({ alice, parts: { world } }: CanaryBench): Promise<void> {
  const file = join(repositoryRoot(), "schemas/openapi/overseer-gitops-rest.json");
  const { paths } = JSON.parse(await readFile(file, "utf8")) as { paths: Record<string, Operation> };
  const { namespace } = world;
  const changes = (await Promise.all(APPS.map((app) => world.changes(app))))
    .flat()
    .map(({ metadata }) => metadata.name);
  const objects = [
    "kind=Secret&name=plain",
    "kind=Secret&name=smtp",
    "kind=ConfigMap&name=settings",
    "kind=Secret&name=vault",
  ];
  const names: Readonly<Record<string, readonly string[]>> = {
    "/api/gitops/apps": APPS,
    "/api/gitops/changes": changes,
    "/api/gitops/repositories": ["all"],
  };
  for (const [path, { get }] of Object.entries(paths)) {
    if (get === undefined || (NOT_READ.test(path) && !path.includes("{name}/events"))) continue;
    const kinds = get.parameters?.find(({ name }) => name === "kind")?.schema.enum ?? [""];
    const below = names[path.slice(0, path.indexOf("/{"))] ?? [""];
    for (const name of path.includes("{name}") ? below : [""])
      for (const kind of path.includes("{kind}") ? kinds : [""]) {
        const filled = path.replace("{namespace}", namespace).replace("{name}", name).replace("{kind}", kind);
        const bare = filled.replace("/api/gitops", "");
        const queries = path.endsWith("/object")
          ? objects.map((one) => `?apiVersion=v1&namespace=${namespace}&${one}`)
          : path.endsWith("/documents")
            ? ["", "?inputs=newest"]
            : ["{kind}", "/secrets"].some((end) => path.endsWith(end))
              ? [`?namespace=${namespace}`]
              : [path === "/api/gitops/changes" ? "?state=all" : ""];
        for (const query of queries) await alice.send("GET", `${bare}${query}`);
      }
  }
}

/** Runs the commands that show something. */
export async function runCommands({ cli, auditDir, parts: { world } }: CanaryBench): Promise<void> {
  const changes = (await Promise.all(APPS.map((app) => world.changes(app)))).flat();
  const open = changes.filter(({ status }) => status?.phase === "Waiting").map(({ metadata }) => metadata.name);
  const commands = [
    ["describe", "app", ...APPS],
    ["describe", "change", ...changes.map(({ metadata }) => metadata.name)],
    ...["apps", "changes", "repositories"].map((kind) => ["get", kind, "-o", "yaml"]),
    ...open.map((name) => ["plan", name]),
    ...["why", "history", "events", "tree"].map((verb) => [verb, "cluster"]),
    ["why", "core"],
    // While a store is down, there is no plan.
    ...["cluster", "core"].map((app) => ["diff", app, "--timeout", "5s"]),
    ["secret", "list", "-o", "json"],
    ["export"],
    ["audit", "list", join(auditDir, "audit.jsonl"), "-o", "json"],
  ];
  for (let at = 0; at < commands.length; at += 2)
    await Promise.all(commands.slice(at, at + 2).map((args) => cli.run(args)));
}
