import { readFile } from "node:fs/promises";
import { load, YAMLException } from "js-yaml";
import { messageOf } from "../../base/errors.js";
import { nearest } from "../../config/nearest.js";
import { CommandError, EXIT } from "../exit-codes.js";

/** The context of a kubeconfig that is used. */
export interface KubeconfigContext {
  readonly name: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly namespace?: string;
}

interface ContextFile {
  readonly "current-context"?: string;
  readonly contexts?: readonly { readonly name: string; readonly context?: Omit<KubeconfigContext, "name"> }[];
}

/**
 * Returns the chosen or the current context of several kubeconfigs; the first entry of a name wins, as in kubectl.
 *
 * @throws CommandError if a file cannot be read, or there is no such context.
 */
export async function readContext(files: readonly string[], wanted: string | undefined): Promise<KubeconfigContext> {
  const read = await Promise.all(files.map(readFileOf));
  const contexts = read.flatMap((file) => file.contexts ?? []);
  const name = wanted ?? read.map((file) => file["current-context"]).find((current) => current);
  const where = files.join(", ");
  const names = contexts.map((context) => context.name);
  if (name === undefined)
    throw failure(`${where} has no current context: run "kubectl config use-context NAME", or set --context`, names);
  const found = contexts.find((context) => context.name === name)?.context;
  if (found === undefined) throw failure(`${where} has no context ${JSON.stringify(name)}`, names, name);
  return { name, ...found };
}

/** Returns the names of all contexts. */
export async function contextNames(files: readonly string[]): Promise<readonly string[]> {
  const read = await Promise.all(files.map(readFileOf));
  return [...new Set(read.flatMap(({ contexts = [] }) => contexts.map(({ name }) => name)))];
}

function failure(problem: string, names: readonly string[], wanted = ""): CommandError {
  const close = nearest(wanted, names);
  const hint =
    close !== undefined
      ? `: did you mean ${JSON.stringify(close)}?`
      : names.length > 0
        ? ` (contexts: ${names.join(", ")})`
        : "";
  return new CommandError(`${problem}${hint}`, EXIT.noConnection);
}

/** A YAML error quotes the lines around it, which may contain a token. */
async function readFileOf(path: string): Promise<ContextFile> {
  try {
    return (load(await readFile(path, "utf8")) ?? {}) as ContextFile;
  } catch (error) {
    const why =
      error instanceof YAMLException ? `line ${(error.mark?.line ?? 0) + 1}: ${error.reason}` : messageOf(error);
    throw new CommandError(`the kubeconfig ${path} cannot be read: ${why}`, EXIT.noConnection);
  }
}
