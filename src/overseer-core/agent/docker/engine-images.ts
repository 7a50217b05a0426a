import { z } from "zod";
import { type EngineConnection, EngineError } from "./engine-connection.js";
import { hostAndPath, type Image, splitImage } from "./image-names.js";
import type { RegistryLogin } from "./pull-credentials.js";

/** An image as the engine describes it. */
const ImageShape = z.object({
  Id: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
});

/** Time without a message of the engine during a pull, in milliseconds. */
const PULL_IDLE_MS = 10 * 60_000;

/** The images of a Docker engine. Methods throw EngineUnreachableError or EngineError. */
export class EngineImages {
  readonly #connection: EngineConnection;

  constructor(connection: EngineConnection) {
    this.#connection = connection;
  }

  /** Returns an image by its name or id; undefined if the node does not have it. */
  async find(name: string, signal: AbortSignal): Promise<Image | undefined> {
    const image = await this.#connection.found(() =>
      this.#connection.json("GET", `/images/${encodeURIComponent(name)}/json`, signal),
    );
    return image === undefined ? undefined : ImageShape.parse(image);
  }

  /** Pulls an image with credentials, which are sent with the request only. Calls `onLine` with each message of the engine. */
  async pull(
    image: string,
    platform: string,
    login: RegistryLogin,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { name, tag } = splitImage(image);
    // The full name, so that the engine cannot read another registry in it than the one that the credentials are for.
    const { host, path: repository } = hostAndPath(name);
    const query = new URLSearchParams({
      fromImage: `${host}/${repository}`,
      tag,
      ...(platform === "" ? {} : { platform }),
    });
    const headers = { "x-registry-auth": Buffer.from(JSON.stringify(login)).toString("base64url") };
    const path = `/images/create?${query}`;
    const body = await this.#connection.send("POST", path, signal, PULL_IDLE_MS, undefined, headers);
    let rest = "";
    for await (const chunk of body) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") onLine(line);
    }
    if (rest.trim() !== "") onLine(rest);
  }

  /** Removes an image by name or id, unless a container uses it or it has other names. Returns whether it was removed. */
  async remove(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      const path = `/images/${encodeURIComponent(name)}`;
      return (await this.#connection.found(() => this.#connection.dump("DELETE", path, signal))) !== undefined;
    } catch (error) {
      if (error instanceof EngineError && error.status === 409) return false;
      throw error;
    }
  }
}
