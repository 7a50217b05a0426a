import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { waitUntil } from "../../tools/wait-until.js";

/** Whether this machine has restic. */
export function hasRestic(): boolean {
  return spawnSync("restic", ["version"]).status === 0;
}

/** The real restic behind a gate: a test can hold a command before it begins, and learn what was called with which arguments. */
export class ResticGate {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(folder: string): Promise<ResticGate> {
    await mkdir(join(folder, "bin"), { recursive: true });
    const real = spawnSync("sh", ["-c", "command -v restic"]).stdout.toString().trim();
    const script = join(folder, "bin", "restic");
    const lines = [
      "#!/bin/sh",
      `echo "$@" >>${folder}/calls`,
      'for word; do case "$word" in backup|restore|check|forget|init|unlock) command=$word; break;; esac; done',
      `if [ -n "$command" ] && [ -e ${folder}/hold-$command ]; then`,
      `  echo $$ >${folder}/held-$command.new && mv ${folder}/held-$command.new ${folder}/held-$command`,
      `  while [ -e ${folder}/hold-$command ]; do sleep 0.1; done`,
      "fi",
      `exec ${real} "$@"`,
    ];
    await writeFile(script, `${lines.join("\n")}\n`);
    await chmod(script, 0o755);
    return new ResticGate(folder);
  }

  /** Environment of a program that is to use it. */
  env(base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return { ...base, PATH: `${join(this.folder, "bin")}:${base.PATH}` };
  }

  /** Holds a command the next time. */
  async hold(command: string): Promise<void> {
    await rm(join(this.folder, `held-${command}`), { force: true });
    await writeFile(join(this.folder, `hold-${command}`), "");
  }

  /** Waits until a command is held, and returns its process. */
  async held(command: string): Promise<number> {
    const path = join(this.folder, `held-${command}`);
    await waitUntil({ what: `restic ${command} is held`, timeoutMs: 60_000 }, () => Promise.resolve(existsSync(path)));
    return Number(await readFile(path, "utf8"));
  }

  async release(command: string): Promise<void> {
    await rm(join(this.folder, `hold-${command}`), { force: true });
  }

  /** Arguments of all calls. */
  calls(): Promise<string> {
    return readFile(join(this.folder, "calls"), "utf8");
  }
}
