import { spawnSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { load } from "js-yaml";
import { findDockerCompose } from "../binaries.js";
import { Docker } from "../docker/docker.js";
import { type StoodInServices, standIn } from "../docker/stand-ins.js";
import { reservePort } from "../ports.js";
import { spawnLogged } from "../processes.js";
import { repositoryRoot } from "../repository-root.js";
import type { Cleanup, Stage } from "./stage.js";

/** Programs that run containers, with the option that shows that they are there. */
const PROGRAMS: Readonly<Record<string, string>> = {
  dockerd: "--version",
  docker: "--version",
  unshare: "--version",
  tar: "--version",
  busybox: "true",
  caddy: "version",
};
/** Image to which the demo sets a service by hand. */
export const EDITED_IMAGE = "gitea/gitea:latest";

/** The containers of the demo. */
export interface Containers {
  /** Environment of programs that use their engine. */
  readonly env: NodeJS.ProcessEnv;
  /** Flags of the agent. */
  readonly flags: Readonly<Record<string, string>>;
  /** Lists the containers with their states, a line each. */
  list(): Promise<string>;
}

/**
 * Starts a Docker engine of the demo with stand-ins for the images of the sample. It shares no network with the machine, and knows nothing
 * of other engines. Returns the reason if this machine cannot do that.
 */
export async function startContainers(stage: Stage, sample: string, addCleanup: Cleanup): Promise<Containers | string> {
  if (process.getuid?.() !== 0) return "containers of the demo need root";
  const missing = Object.entries(PROGRAMS).filter(([program, option]) => spawnSync(program, [option]).status !== 0);
  if (missing.length > 0) return `this machine has no ${missing.map(([program]) => program).join(", ")}`;
  let docker: Docker;
  try {
    docker = await Docker.start({ apart: true });
  } catch (error) {
    return `a Docker engine cannot start (${String(error).split("\n")[0]})`;
  }
  addCleanup(() => docker.stop());
  const own = await findDockerCompose();
  if (own !== undefined) await docker.withCompose(own);
  else if (spawnSync("docker", ["compose", "version"], { env: docker.env }).status !== 0)
    return "Docker has no plugin Compose";
  await standIn(docker, await services(resolve(repositoryRoot(), sample, "apps")));
  const format = '{{.Label "com.docker.compose.service"}}: {{.Image}}, {{.Status}}';
  const list = async (): Promise<string> =>
    (await docker.run("ps", "--all", "--format", format)).trim().split("\n").sort().join("\n");
  return { env: docker.env, flags: { runner: "docker", ...(await startProxy(stage, addCleanup)) }, list };
}

/** Starts the proxy of the node, without which no route is published. Returns the flags of the agent for it. */
async function startProxy(
  { work, guard, processes }: Stage,
  addCleanup: Cleanup,
): Promise<Readonly<Record<string, string>>> {
  const [socket, file] = [join(work, "caddy.sock"), join(work, "caddy.json")];
  const authorities = { pki: { certificate_authorities: { local: { install_trust: false } } } };
  await writeFile(file, JSON.stringify({ admin: { listen: `unix/${socket}` }, apps: authorities }));
  const env = { PATH: process.env.PATH, HOME: work, XDG_DATA_HOME: work, XDG_CONFIG_HOME: work };
  const caddy = await spawnLogged("the proxy", "caddy", ["run", "--config", file], {
    env,
    logFile: join(work, "caddy.log"),
    guard,
  });
  processes.push(caddy);
  addCleanup(() => caddy.stop());
  const [http, https] = [await reservePort(), await reservePort()];
  return {
    proxy: "caddy",
    "proxy-admin": `unix://${socket}`,
    "proxy-http-port": String(http.port),
    "proxy-https-port": String(https.port),
    "proxy-issuer": "internal",
  };
}

/** Reads the services of the apps in a folder, and that with the image which is set by hand. */
async function services(folder: string): Promise<StoodInServices[]> {
  const found: StoodInServices[] = [{ edited: { image: EDITED_IMAGE } }];
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), "utf8");
    const { spec } = load(text) as {
      readonly spec?: { readonly compose?: { readonly services?: StoodInServices }; readonly env?: object };
    };
    const variables = new Map(Object.entries(spec?.env ?? {}));
    for (const [service, value] of Object.entries(spec?.compose?.services ?? {})) {
      const image = value.image?.replaceAll(/\$\{(\w+)\}/g, (_, variable: string) => String(variables.get(variable)));
      found.push({ [service]: { ...value, ...(image === undefined ? {} : { image }) } });
    }
  }
  return found;
}
