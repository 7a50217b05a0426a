import { CommandError, EXIT, UsageError } from "../exit-codes.js";
import type { SelectionFlags } from "../flags.js";
import { KINDS, type Kind } from "../kinds.js";
import { parseTarget, parseTargetOf, type Target } from "../target.js";
import { say } from "../terminal.js";
import type { Reader } from "./connection.js";
import type { LiveApp, LiveChange } from "./live.js";

/**
 * Returns the objects that a command is about: those that are named, or all that -l and -A select, which are then listed.
 *
 * @throws UsageError if nothing is named, CommandError if nothing is selected.
 */
export async function selectTargets(
  reader: Reader,
  names: readonly string[],
  flags: SelectionFlags,
  kinds: readonly [Kind, ...Kind[]] = [KINDS.app],
): Promise<readonly Target[]> {
  const { selector, allNamespaces } = flags;
  if (names.length > 0) {
    if (selector !== undefined || allNamespaces === true)
      throw new UsageError("names cannot be combined with -l or -A");
    return names.map((name) => parseTargetOf(name, kinds));
  }
  if (selector === undefined) throw new UsageError("name an app, or select several with -l");
  const [kind] = kinds;
  const namespace = allNamespaces === true ? "" : reader.namespace;
  const { items } = await reader.list(kind, { namespace, selector });
  const targets = items.map(({ metadata }) => ({ kind, name: metadata.name, namespace: metadata.namespace ?? "" }));
  if (targets.length === 0)
    throw new CommandError(`no ${kind.kind} has labels that match ${JSON.stringify(selector)}`, EXIT.notAllowed);
  say(`${targets.length} selected: ${targets.map((target) => `${target.namespace}/${target.name}`).join(", ")}`);
  return targets;
}

/** Returns the Changes of an app, oldest first. */
export async function changesOf(reader: Reader, app: Target): Promise<readonly LiveChange[]> {
  const scope = { namespace: reader.namespaceOf(app), fields: `spec.app.name=${app.name}` };
  const { items } = await reader.list<LiveChange>(KINDS.change, scope);
  const created = ({ metadata }: LiveChange): number => Date.parse(metadata.creationTimestamp ?? "");
  const number = ({ metadata }: LiveChange): number => Number(/-(\d+)$/.exec(metadata.name)?.[1] ?? 0);
  return [...items].sort((a, b) => created(a) - created(b) || number(a) - number(b));
}

/**
 * Returns the Change that is named, or the current one of an app: `change/web-7` and `web-7` if there is one, else the app `web`.
 *
 * @throws CommandError if there is none.
 */
export async function findChange(reader: Reader, name: string): Promise<LiveChange> {
  const target = parseTargetOf(name, [KINDS.change, KINDS.app]);
  const isApp = target.kind === KINDS.app;
  if (!isApp) {
    const named = await reader.find<LiveChange>({ ...target, kind: KINDS.change });
    if (named !== undefined) return named;
  }
  const app = await reader.find<LiveApp>({ ...target, kind: KINDS.app });
  if (app === undefined) return reader.get<LiveChange>(isApp ? { ...target } : { ...target, kind: KINDS.change });
  const current = app.status?.change?.name;
  if (current === undefined)
    throw new CommandError(
      `OverseerApp ${app.metadata.namespace}/${app.metadata.name} has no Change yet`,
      EXIT.notAllowed,
    );
  return reader.get<LiveChange>({ kind: KINDS.change, namespace: app.metadata.namespace ?? "", name: current });
}

/** Reads the name of an app. */
export function appTarget(name: string): Target {
  const target = parseTarget(name, KINDS.app);
  return target.kind === KINDS.app ? target : parseTargetOf(name, [KINDS.app]);
}

/** `shop/web`. */
export function shownName({
  metadata,
}: {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
