import { isRecord } from "../../manifest/shape.js";
import type { Reporter } from "../overseer/reporter.js";
import type { ServiceModel } from "./model.js";
import { bytesOf, isTrue, mappingOf, textOf } from "./values.js";

/** An item of `volumes`, whatever its syntax. */
export interface MountItem {
  readonly type: string;
  readonly source: string | undefined;
  readonly target: string;
  readonly readOnly: boolean;
  readonly subPath: string | undefined;
  /** Size limit of a tmpfs in bytes. */
  readonly size: number | undefined;
  readonly report: Reporter;
}

const IGNORED_MODES = /^(?:rw|z|Z|cached|delegated|consistent|nocopy|r?(?:shared|slave|private))$/;

/** Returns the items of `volumes` of a service. They have been validated. */
export function mountItems({ service, report }: ServiceModel): MountItem[] {
  const list = Array.isArray(service.volumes) ? service.volumes : [];
  return list.flatMap((item: unknown, index) => {
    const at = report.at("volumes", index);
    const text = textOf(item);
    if (text !== undefined) return [shortItem(text, at)];
    return isRecord(item) ? [longItem(item, at)] : [];
  });
}

function shortItem(text: string, report: Reporter): MountItem {
  const parts = text.split(":");
  const isAnonymous = parts.length === 1 || (parts.length === 2 && /^(?:ro|rw|[zZ])$/.test(parts[1] ?? ""));
  const [source, target = "", modes = ""] = isAnonymous ? [undefined, ...parts] : parts;
  const flags = modes.split(",").filter((flag) => flag !== "");
  for (const flag of flags) {
    if (flag === "ro" || flag === "rw") continue;
    if (IGNORED_MODES.test(flag)) report.note(`the option ${flag} is ignored: it concerns Docker`);
    else report.problem(`the option ${JSON.stringify(flag.slice(0, 40))} is not known; expected ro or rw`);
  }
  const type = source !== undefined && /^[./~\\]/.test(source) ? "bind" : "volume";
  return { type, source, target, readOnly: flags.includes("ro"), subPath: undefined, size: undefined, report };
}

function longItem(item: Readonly<Record<string, unknown>>, report: Reporter): MountItem {
  const source = textOf(item.source);
  return {
    type: textOf(item.type) ?? "volume",
    source: source === "" ? undefined : source,
    target: textOf(item.target) ?? "",
    readOnly: isTrue(item.read_only),
    subPath: textOf(mappingOf(item.volume).subpath),
    size: bytesOf(mappingOf(item.tmpfs).size),
    report,
  };
}
