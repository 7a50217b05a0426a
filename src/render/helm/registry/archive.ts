import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { unpackTar } from "modern-tar";
import { isSafeName } from "../../../git/objects/tree.js";
import type { RenderLimits } from "../../limits.js";
import { RenderError } from "../../render-error.js";

/** Files of a chart by their paths below its directory. */
export type ChartFiles = ReadonlyMap<string, Uint8Array>;

const unpack = promisify(gunzip);

/**
 * Unpacks the archive of a chart. Its files are below one directory, as `helm package` writes them.
 *
 * @throws RenderError when the archive is not one, exceeds the limits, or holds a link or a path that leaves its directory.
 */
export async function unpackChart(archive: Uint8Array, name: string, limits: RenderLimits): Promise<ChartFiles> {
  const fault = (what: string): RenderError => new RenderError([{ message: `the chart archive ${name} ${what}` }]);
  let tar: Buffer;
  try {
    tar = (await unpack(archive, { maxOutputLength: limits.maxTotalBytes })) as Buffer;
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw fault(
      tooLarge ? `unpacks to more than ${limits.maxTotalBytes} bytes: raise --max-source-bytes` : "is no gzip file",
    );
  }
  const entries = await unpackTar(tar, { strict: true }).catch(() => {
    throw fault("is no tar file");
  });
  const files = new Map<string, Uint8Array>();
  for (const { header, data } of entries) {
    if (header.type === "directory" || header.type === "pax-global-header") continue;
    const [top, ...parts] = header.name.replace(/^(?:\.\/)+/, "").split("/");
    const shown = JSON.stringify(header.name.slice(0, 200));
    if (header.type !== "file" && header.type !== undefined) throw fault(`holds ${shown}, which is no regular file`);
    if (parts.length === 0 || ![top, ...parts].every(isSafeName))
      throw fault(`holds the file ${shown}, whose path is not valid`);
    if (files.size >= limits.maxFiles)
      throw fault(`holds more than ${limits.maxFiles} files: raise --max-source-files`);
    files.set(parts.join("/"), data ?? new Uint8Array());
  }
  if (!files.has("Chart.yaml")) throw fault("holds no Chart.yaml");
  return files;
}
