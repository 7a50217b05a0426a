import { cp } from "node:fs/promises";
import { join } from "node:path";
import { startGitServer } from "../../tools/git-server.js";
import type { ServedRepositories } from "./served.js";

/** Bytes of the file that makes a repository too large. */
const FILM_BYTES = 40 * 2 ** 20;

/** A Git server in a process of its own, so that its CPU is not that of the engine. Argument: number of small repositories. */
async function main(): Promise<void> {
  const count = Number(process.argv[2]);
  const server = await startGitServer();
  const small = await server.createRepository("small-0");
  await small.commit({ "app.yaml": "kind: ConfigMap\n" }, "small");
  const urls = [small.url];
  for (let index = 1; index < count; index++) {
    await cp(small.path, join(server.root, `small-${index}.git`), { recursive: true });
    urls.push(`${server.url}/small-${index}.git`);
  }
  const many = await server.createRepository("many-files");
  await many.commit(files(), "many files");
  const large = await server.createRepository("large");
  await large.commit({ ...files(), "media/film.bin": noise(FILM_BYTES) }, "large");
  const served: ServedRepositories = { small: urls, manyFiles: many.url, large: large.url };
  process.stdout.write(`${JSON.stringify(served)}\n`);
  process.on("SIGTERM", () => void server.stop().then(() => process.exit()));
}

/** 50,000 files: 5,000 apps of ten files. */
function files(): Record<string, string> {
  const all: Record<string, string> = {};
  for (let app = 0; app < 5_000; app++)
    for (let file = 0; file < 10; file++)
      all[`apps/${app % 50}/app-${app}/${file}.yaml`] =
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c${file} }\ndata: { app: "${app}" }\n`;
  return all;
}

/** Bytes that do not compress, the same each time. */
function noise(bytes: number): Buffer {
  const words = new Uint32Array(bytes / 4);
  let state = 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return Buffer.from(words.buffer);
}

await main();
