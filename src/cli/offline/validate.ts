import { messageOf, OverseerError } from "../../base/errors.js";
import { allDocuments } from "../../render/request.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { OutputFlags } from "../flags.js";
import { formatValue } from "../output/objects.js";
import { plainText } from "../output/plain-text.js";
import { formatNote } from "../render/print.js";
import { renderSource } from "../render/render.js";
import { WorkingTree } from "../render/working-tree.js";
import { print, say } from "../terminal.js";
import { type OfflineOptions, openTree, sourcesOf } from "./sources.js";

/** Flags of `overseer validate`. */
export interface ValidateFlags extends OfflineOptions, OutputFlags {
  readonly strict?: boolean;
  readonly quiet?: boolean;
}

/** What only an API server can check, whatever the source. */
const ALWAYS_OPEN = [
  "rules of the definitions (CEL) and admission policies: the API server checks them when the manifest is applied",
  "fields and values of Kubernetes objects: the operator checks them by a dry run before it writes anything",
];

/** Runs `overseer validate`: exit code 1 if something is wrong, or with --strict if something could not be checked. */
export async function validate(path = ".", flags: ValidateFlags): Promise<ExitCode> {
  const tree = await openTree(() => WorkingTree.open(path), path);
  const { sources, problems, gaps, manifests } = await sourcesOf(tree, path, flags);
  const errors = [...problems];
  const notes: string[] = [];
  const valid: string[] = [];
  for (const { name, request } of sources) {
    try {
      const result = await renderSource(tree, request, flags);
      const { notes: own, unknownKinds, nothing } = result;
      const count = allDocuments(result).length;
      valid.push(`${name}: ${count} object${count === 1 ? "" : "s"}`);
      notes.push(...own.map((note) => `${name}: ${formatNote(note)}`));
      notes.push(
        ...unknownKinds.map(
          ({ group, kind }) => `${name}: ${kind}.${group} is no built-in kind, and is taken as namespaced`,
        ),
      );
      if (nothing !== undefined) errors.push(`${name}: ${nothing}`);
    } catch (error) {
      if (!(error instanceof OverseerError)) throw error;
      errors.push(`${name}: ${messageOf(error)}`);
    }
  }
  const { output } = flags;
  if (output === "json" || output === "yaml")
    print(
      await formatValue(
        { ok: errors.length === 0, valid, errors, notes, notChecked: [...gaps, ...ALWAYS_OPEN] },
        output,
      ),
    );
  else {
    print(valid.map((line) => plainText(`valid: ${line}\n`)).join(""));
    for (const error of errors) say(`error: ${error}`);
    if (flags.quiet !== true) for (const note of notes) say(`note: ${note}`);
    for (const gap of gaps) say(`NOT CHECKED: ${gap}`);
    if (flags.quiet !== true) for (const open of ALWAYS_OPEN) say(`not checked here: ${open}`);
    say(
      `${manifests} manifest${manifests === 1 ? "" : "s"} of Overseer GitOps, ${valid.length} source${valid.length === 1 ? "" : "s"} rendered, ${errors.length} error${errors.length === 1 ? "" : "s"}, ${gaps.length} not checked`,
    );
  }
  return errors.length > 0 || (flags.strict === true && gaps.length > 0) ? EXIT.failed : EXIT.done;
}
