import { readdir, readFile } from "node:fs/promises";

/** Is there a /proc to find children in? */
export const CAN_FIND_CHILDREN = process.platform === "linux";

/** Processes whose environment names a directory: Git's, with its helpers. */
export async function childrenOf(directory: string): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const own = ids.map(async (id) => {
    const environment = await readFile(`/proc/${id}/environ`, "utf8").catch(() => "");
    return environment.includes(`GIT_DIR=${directory}`) ? id : "";
  });
  return (await Promise.all(own)).filter((id) => id !== "");
}
