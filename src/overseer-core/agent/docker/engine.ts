import { z } from "zod";
import type { ExistingVolume } from "../host-access/judge-mounts.js";
import { EngineConnection, EngineError, EngineUnreachableError, TIMEOUT_MS } from "./engine-connection.js";
import { EngineImages } from "./engine-images.js";
import { LogDecoder } from "./log-stream.js";

const Volume = z.object({
  Name: z.string(),
  Driver: z.string(),
  Mountpoint: z.string().default(""),
  Options: z.record(z.string(), z.string()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
});
/** A volume as the engine describes it. */
export type EngineVolume = z.infer<typeof Volume>;

/** A container as the engine describes it, reduced to what the runner uses. */
const Container = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  RestartCount: z.number().default(0),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    Error: z.string().default(""),
    OOMKilled: z.boolean().default(false),
    StartedAt: z.string().default(""),
    Health: z.object({ Status: z.string(), Log: z.array(z.object({ Output: z.string() })).nullish() }).nullish(),
  }),
  Config: z.looseObject({ Image: z.string().default(""), Labels: z.record(z.string(), z.string()).nullish() }),
  HostConfig: z.looseObject({ RestartPolicy: z.object({ Name: z.string() }).nullish() }),
  NetworkSettings: z.looseObject({ Networks: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  Mounts: z
    .array(
      z.object({
        Type: z.string(),
        Name: z.string().default(""),
        Source: z.string().default(""),
        Destination: z.string().default(""),
        RW: z.boolean().default(true),
      }),
    )
    .nullish(),
});
export type Container = z.infer<typeof Container>;

/** A running container in a list, reduced to what its address and health need. */
const RunningContainer = z.object({
  Id: z.string(),
  Status: z.string().default(""),
  Labels: z.record(z.string(), z.string()).nullish(),
  HostConfig: z.looseObject({ NetworkMode: z.string().default("") }),
  NetworkSettings: z
    .looseObject({ Networks: z.record(z.string(), z.looseObject({ IPAddress: z.string().default("") })).nullish() })
    .nullish(),
});
export type RunningContainer = z.infer<typeof RunningContainer>;

/** A container in a list, reduced to what it mounts. */
const MountingContainer = z.object({
  Names: z.array(z.string()).default([]),
  Labels: z.record(z.string(), z.string()).nullish(),
  Mounts: z.array(z.object({ Name: z.string().default(""), Source: z.string().default("") })).nullish(),
});
export type MountingContainer = z.infer<typeof MountingContainer>;

/** An event of the engine. */
const EngineEvent = z.object({
  Type: z.string().default(""),
  Action: z.string().default(""),
  Actor: z.object({ ID: z.string().default(""), Attributes: z.record(z.string(), z.string()).default({}) }),
});
export type EngineEvent = z.infer<typeof EngineEvent>;

/** Events that may change the state of a service. Health checks also cause `exec` events, which are not followed. */
const EVENTS = {
  type: ["container", "image", "network"],
  event:
    `create start restart die stop kill oom destroy update rename pause unpause health_status tag untag delete connect
    disconnect`.split(/\s+/),
};

/** Label of Compose with the name of the project. */
export const LABEL_PROJECT = "com.docker.compose.project";
/** Label of Compose with the name of the service. */
export const LABEL_SERVICE = "com.docker.compose.service";
/** Containers of `docker compose run` are not part of a deployment. */
const ONE_OFF = "com.docker.compose.oneoff=False";

/** Client for the API of the Docker engine on its Unix socket. Methods throw EngineUnreachableError or EngineError. */
export class DockerEngine {
  readonly images: EngineImages;
  readonly #connection: EngineConnection;
  #root: string | undefined;

  constructor(socket: string) {
    this.#connection = new EngineConnection(socket);
    this.images = new EngineImages(this.#connection);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Returns the directory in which the engine stores its data. */
  async rootDirectory(signal: AbortSignal): Promise<string> {
    const { DockerRootDir } = z
      .object({ DockerRootDir: z.string() })
      .parse(await this.#connection.json("GET", "/info", signal));
    this.#root = DockerRootDir;
    return DockerRootDir;
  }

  /** Its data directory, once it was read. */
  get knownRoot(): string | undefined {
    return this.#root;
  }

  /** Returns all containers of a Compose project, also stopped ones. */
  async containers(project: string, signal: AbortSignal): Promise<Container[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL_PROJECT}=${project}`, ONE_OFF] }));
    const list = z
      .array(z.object({ Id: z.string() }))
      .parse(await this.#connection.json("GET", `/containers/json?all=1&filters=${filters}`, signal));
    const found = await Promise.all(list.map(({ Id }) => this.#container(Id, signal)));
    return found.filter((one) => one !== undefined).sort((a, b) => (a.Name < b.Name ? -1 : 1));
  }

  /** Returns all running containers of Compose projects, by one request. */
  async runningContainers(signal: AbortSignal): Promise<RunningContainer[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [LABEL_PROJECT, ONE_OFF], status: ["running"] }));
    return z
      .array(RunningContainer)
      .parse(await this.#connection.json("GET", `/containers/json?filters=${filters}`, signal));
  }

  /** Returns what all containers mount that run, restart or are paused, of Compose projects and others. */
  async mountingContainers(signal: AbortSignal): Promise<MountingContainer[]> {
    return z.array(MountingContainer).parse(await this.#connection.json("GET", "/containers/json", signal));
  }

  /** Returns the names of the volumes of a Compose project. */
  async volumes(project: string, signal: AbortSignal): Promise<string[]> {
    return (await this.volumesOf(project, signal)).map(({ name }) => name);
  }

  /** Returns the volumes of a Compose project with their options, sorted by name. */
  async volumesOf(project: string, signal: AbortSignal): Promise<ExistingVolume[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL_PROJECT}=${project}`] }));
    const shape = z.object({ Volumes: z.array(Volume).nullish() });
    const { Volumes } = shape.parse(await this.#connection.json("GET", `/volumes?filters=${filters}`, signal));
    return (Volumes ?? [])
      .map(({ Name, Driver, Options }) => ({ name: Name, driver: Driver, options: Options ?? {} }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Returns a volume; undefined if it does not exist. */
  async volume(name: string, signal: AbortSignal): Promise<EngineVolume | undefined> {
    const found = await this.#connection.found(() =>
      this.#connection.json("GET", `/volumes/${encodeURIComponent(name)}`, signal),
    );
    return found === undefined ? undefined : Volume.parse(found);
  }

  /** Stops a container, after the time that its document allows. Does nothing if it does not run or is gone. */
  async stopContainer(id: string, signal: AbortSignal): Promise<void> {
    await this.#connection.unchanged(() =>
      this.#connection.found(() => this.#connection.dump("POST", `/containers/${id}/stop`, signal)),
    );
  }

  /** Starts a container. Does nothing if it runs. Returns whether it exists. */
  async startContainer(id: string, signal: AbortSignal): Promise<boolean> {
    let exists = true;
    await this.#connection.unchanged(async () => {
      exists =
        (await this.#connection.found(() => this.#connection.dump("POST", `/containers/${id}/start`, signal))) !==
        undefined;
    });
    return exists;
  }

  /** Runs a command in a running container. Returns its exit code and the end of its output. */
  async exec(id: string, command: readonly string[], signal: AbortSignal): Promise<{ code: number; output: string }> {
    const body = { Cmd: command, AttachStdout: true, AttachStderr: true };
    const created = z
      .object({ Id: z.string() })
      .parse(await this.#connection.json("POST", `/containers/${id}/exec`, signal, body));
    const output = await this.#connection.send("POST", `/exec/${created.Id}/start`, signal, 0, {
      Detach: false,
      Tty: false,
    });
    const decoder = new LogDecoder();
    let lines: string[] = [];
    for await (const chunk of output) lines = [...lines, ...decoder.add(Buffer.from(chunk))].slice(-20);
    lines.push(...decoder.end());
    const { ExitCode } = z
      .object({ ExitCode: z.number().nullable() })
      .parse(await this.#connection.json("GET", `/exec/${created.Id}/json`, signal));
    return { code: ExitCode ?? -1, output: lines.join("\n") };
  }

  /** Returns the id of an image; undefined if the node does not have it. */
  async imageId(name: string, signal: AbortSignal): Promise<string | undefined> {
    return (await this.images.find(name, signal))?.Id;
  }

  /** Returns the last lines of the log of a container; none if its log driver does not keep them. */
  async lastLines(id: string, count: number, signal: AbortSignal): Promise<string[]> {
    const lines: string[] = [];
    try {
      await this.#readLog(`/containers/${id}/logs?stdout=1&stderr=1&tail=${count}`, (line) => lines.push(line), signal);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
    }
    return lines;
  }

  /** Reads the log of a container since a time in milliseconds. */
  readLog(id: string, since: number, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
    const query = `stdout=1&stderr=1&tail=2000&since=${(since / 1000).toFixed(3)}`;
    return this.#readLog(`/containers/${id}/logs?${query}`, onLine, signal);
  }

  /** Follows the log of a container since a time in milliseconds, until the container ends. */
  followLog(id: string, since: number, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
    const query = `follow=1&stdout=1&stderr=1&since=${(since / 1000).toFixed(3)}`;
    return this.#readLog(`/containers/${id}/logs?${query}`, onLine, signal, 0);
  }

  /** Gives a container another name. */
  async renameContainer(id: string, name: string, signal: AbortSignal): Promise<void> {
    await this.#connection.dump("POST", `/containers/${id}/rename?name=${encodeURIComponent(name)}`, signal);
  }

  /** Removes a container and stops it before. Does nothing if it is gone. */
  async removeContainer(id: string, signal: AbortSignal): Promise<void> {
    await this.#connection.found(async () =>
      (await this.#connection.send("DELETE", `/containers/${id}?force=1`, signal)).dump(),
    );
  }

  /** Follows events until the connection ends; calls `opened` when the engine has accepted the request. */
  async follow(opened: () => void, onEvent: (event: EngineEvent) => void, signal: AbortSignal): Promise<void> {
    const body = await this.#connection.send(
      "GET",
      `/events?filters=${encodeURIComponent(JSON.stringify(EVENTS))}`,
      signal,
      0,
    );
    opened();
    let rest = "";
    try {
      for await (const chunk of body) {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines.filter((one) => one.trim() !== "")) onEvent(EngineEvent.parse(JSON.parse(line)));
      }
    } catch (error) {
      signal.throwIfAborted();
      throw new EngineUnreachableError(this.#connection.socket, error);
    }
  }

  async #readLog(
    path: string,
    onLine: (line: string) => void,
    signal: AbortSignal,
    timeoutMs = TIMEOUT_MS,
  ): Promise<void> {
    const body = await this.#connection.send("GET", path, signal, timeoutMs);
    const decoder = new LogDecoder();
    for await (const chunk of body) for (const line of decoder.add(Buffer.from(chunk))) onLine(line);
    for (const line of decoder.end()) onLine(line);
  }

  async #container(id: string, signal: AbortSignal): Promise<Container | undefined> {
    const found = await this.#connection.found(() => this.#connection.json("GET", `/containers/${id}/json`, signal));
    return found === undefined ? undefined : Container.parse(found);
  }
}

/** Returns the service of a container. */
export function serviceOf({ Config }: Container): string {
  return Config.Labels?.[LABEL_SERVICE] ?? "";
}

/** Returns the project of an event of a container; undefined for other events. */
export function projectOf({ Type, Actor }: EngineEvent): string | undefined {
  return Type === "container" ? Actor.Attributes[LABEL_PROJECT] : undefined;
}

/** Returns the name of a container as people know it. */
export function nameOf({ Name }: Container): string {
  return Name.replace(/^\//, "");
}
