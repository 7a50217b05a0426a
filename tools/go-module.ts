import { tmpdir } from "node:os";
import { runCommand } from "./run-command.js";

/** A version of a Go module, of which only files are used. */
export interface GoModule {
  readonly path: string;
  readonly version: string;
  /** Hash of its content, as in a go.sum. */
  readonly sum: string;
}

/** Downloads a module into the module cache of Go, and returns its folder. Throws if the content is another one, or Go is missing. */
export async function moduleFolder({ path, version, sum }: GoModule): Promise<string> {
  // Outside of a module. The hash is checked below, without a further server.
  const env = { ...process.env, GOFLAGS: "", GOWORK: "off", GONOSUMDB: "*" };
  const answer = await runCommand("go", ["mod", "download", "-json", `${path}@${version}`], { cwd: tmpdir(), env });
  const { Dir: folder, Sum: found } = JSON.parse(answer) as { Dir: string; Sum: string };
  if (found !== sum) throw new Error(`the Go module ${path} ${version} has the hash ${found}, not ${sum}`);
  return folder;
}
