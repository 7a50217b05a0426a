import { nearest } from "../../config/nearest.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { Kind } from "../kinds.js";
import type { Target } from "../target.js";
import type { Reader } from "./connection.js";

/** Returns the error of a target that does not exist, with the nearest name; or the error of the list that it is looked up in. */
export async function notFound(reader: Reader, target: Target): Promise<CommandError> {
  const { kind, name } = target;
  const namespace = reader.namespaceOf(target);
  const others = await reader
    .list(kind, { namespace })
    .catch((error: unknown) => (error instanceof CommandError ? error : undefined));
  if (others instanceof CommandError) return others;
  const names = (others?.items ?? []).map(({ metadata }) => metadata.name);
  const close = nearest(name, names);
  const hint =
    close !== undefined
      ? `did you mean ${JSON.stringify(close)}?`
      : kind.clusterScoped === true
        ? `list them with "overseer get ${kind.plural}"`
        : names.length === 0
          ? `the namespace has none; list those of all namespaces with "overseer get ${kind.plural} -A", and choose a namespace with -n`
          : `list them with "overseer get ${kind.plural} -n ${namespace}", or choose a namespace with -n`;
  return new CommandError(
    `there is no ${kind.kind} ${JSON.stringify(name)}${kind.clusterScoped === true ? "" : ` in namespace ${namespace}`}: ${hint}`,
    EXIT.notAllowed,
  );
}

/** Returns the error of a kind that the cluster does not serve. */
export function notInstalled({ kind }: Kind): CommandError {
  return new CommandError(
    `the cluster does not know the kind ${kind}: install Overseer GitOps, or choose another context with --context`,
    EXIT.notAllowed,
  );
}
