import { type AppFacts, type Mount, mountPath, type ServiceFacts } from "../../src/render/parity/facts.js";
import type { Docker } from "../../tools/docker/docker.js";

/** What `docker inspect` says of a container, as far as it is compared. */
interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Config: {
    readonly Env: readonly string[] | null;
    readonly Cmd: readonly string[] | null;
    readonly Entrypoint: readonly string[] | null;
    readonly Image: string;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly HostConfig: { readonly Tmpfs?: Readonly<Record<string, string>> | null };
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string; readonly Aliases: string[] | null }>>;
  };
}

/** What is compared: an app, paths at which files are expected in its services, and variables that come from its images. */
interface Asked {
  readonly app: string;
  /** Paths of files by service. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly routes: AppFacts["routes"];
  /** Values of secrets by name; their places are shown as references. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Returns the facts of an app as its running containers show them. */
export async function dockerFacts(docker: Docker, { app, files, routes, secrets }: Asked): Promise<AppFacts> {
  const ids = (await docker.run("ps", "--quiet")).split("\n").filter((id) => id !== "");
  const all = JSON.parse(await docker.run("inspect", ...ids)) as Inspected[];
  const own = all.filter(({ Config }) => Config.Labels["com.docker.compose.project"]?.startsWith(`${app}-`));
  const services = new Map<string, ServiceFacts>();
  for (const one of own) {
    const name = one.Config.Labels["com.docker.compose.service"] ?? "";
    services.set(name, {
      names: await namesOf(docker, one, own),
      environment: environmentOf(one, secrets),
      image: one.Config.Image,
      command: one.Config.Cmd ?? undefined,
      entrypoint: one.Config.Entrypoint ?? undefined,
      mounts: new Map([...mountsOf(one), ...(await filesOf(docker, one, files.get(name) ?? []))]),
    });
  }
  return { services, routes };
}

/** The address of a name as a container resolves it; undefined if the name is unknown. */
export async function resolve(docker: Docker, container: string, name: string): Promise<string | undefined> {
  const answer = await docker.run("exec", container, "busybox", "nslookup", name).catch(() => "");
  return /Name:.*\nAddress(?: \d+)?: (\S+)/.exec(answer)?.[1];
}

/** The names that Compose gives to a container, and that the containers of its app resolve to its address. */
async function namesOf(docker: Docker, one: Inspected, all: readonly Inspected[]): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const { IPAddress, Aliases } of Object.values(one.NetworkSettings.Networks)) {
    const given = (Aliases ?? []).filter((name) => !one.Id.startsWith(name) && `/${name}` !== one.Name);
    for (const name of given)
      for (const { Id } of all) if ((await resolve(docker, Id, name)) === IPAddress) names.add(name);
  }
  return [...names].sort();
}

function environmentOf({ Config }: Inspected, secrets: Asked["secrets"]): Readonly<Record<string, string>> {
  const pairs = (Config.Env ?? []).map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]);
  const reference = (text: string): string =>
    Object.entries(secrets).reduce((rest, [name, value]) => rest.replaceAll(value, `\${SECRET:${name}}`), text);
  return Object.fromEntries(
    pairs.flatMap(([name = "", value = ""]) => (name === "PATH" ? [] : [[name, reference(value)]])),
  );
}

function mountsOf({ Mounts, HostConfig }: Inspected): [string, Mount][] {
  const memory = Object.keys(HostConfig.Tmpfs ?? {}).map((path): [string, Mount] => [
    mountPath(path),
    { kind: "memory", source: "" },
  ]);
  const mounts = Mounts.flatMap(({ Type, Name = "", Source, Destination, RW }): [string, Mount][] => {
    if (Type === "tmpfs") return [[mountPath(Destination), { kind: "memory", source: "" }]];
    if (Type === "bind") return [[mountPath(Destination), { kind: "host", source: Source }]];
    const isAnonymous = /^[0-9a-f]{64}$/.test(Name);
    return [
      [
        mountPath(Destination),
        isAnonymous ? { kind: "temporary", source: "" } : { kind: "volume", source: Name, readOnly: !RW },
      ],
    ];
  });
  return [...mounts, ...memory];
}

async function filesOf(docker: Docker, { Id }: Inspected, paths: readonly string[]): Promise<[string, Mount][]> {
  const found: [string, Mount][] = [];
  for (const path of paths) {
    const content = await docker.run("exec", Id, "cat", path).catch(() => undefined);
    if (content !== undefined) found.push([path, { kind: "file", source: content }]);
  }
  return found;
}
