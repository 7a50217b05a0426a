import { join } from "node:path";
import { hmacSha256 } from "../base/hash.js";
import type { BaseTags } from "../controllers/overseer-app/app-services.js";
import { DiskCache } from "../render/disk-cache.js";
import type { OperatorParts } from "./operator-parts.js";

/** Bytes of all tags that are kept on disk: about 10,000. */
const MAX_BYTES = 2 ** 20;

/** Creates the memory of tags of remote bases, which outlives the process unless there is no cache on disk. */
export function baseTags({ clock, config, cluster }: Pick<OperatorParts, "clock" | "config" | "cluster">): BaseTags {
  const { digestKey } = cluster;
  const known = new Map<string, string>();
  const disk =
    config.render.cacheBytes === 0
      ? undefined
      : new DiskCache({
          ...{ clock, secret: digestKey, version: "1", purpose: "tags of remote bases", maxBytes: MAX_BYTES },
          folder: join(config.cacheDir, "base-tags"),
        });
  const keyOf = (repository: string, tag: string): string =>
    hmacSha256(digestKey, JSON.stringify([repository, tag]), 32);
  return {
    get: async (repository, tag) => {
      const key = keyOf(repository, tag);
      const commit = known.get(key) ?? (await disk?.get(key))?.toString("utf8");
      if (commit !== undefined) known.set(key, commit);
      return commit;
    },
    put: async (repository, tag, commit) => {
      const key = keyOf(repository, tag);
      known.set(key, commit);
      await disk?.put(key, Buffer.from(commit));
    },
  };
}
