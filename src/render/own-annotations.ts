import { ANNOTATION_HOOK, ANNOTATION_WAVE } from "../api/group.js";
import { HOOK_PHASES, MAX_HOOKS } from "../api/hook.js";
import type { Document } from "../manifest/document.js";
import { type Hook, hookAnnotation } from "../manifest/hook.js";
import { displayId } from "../manifest/object-id.js";
import { compareForApply } from "../manifest/order.js";
import { waveAnnotation } from "../manifest/wave.js";
import type { RenderProblem } from "./render-error.js";

/** Returns the invalid values of our own annotations. */
export function annotationProblems(documents: readonly Document[]): RenderProblem[] {
  const problems = documents.flatMap((document) =>
    [...waveProblems(document), ...hookProblems(document)].map(
      (message): RenderProblem => ({ origin: document.origin, object: displayId(document.id), message }),
    ),
  );
  const hooks = hooksOf(documents);
  const runs = hooks.reduce((sum, { spec }) => sum + spec.phases.length, 0);
  const [first] = hooks;
  if (first && runs > MAX_HOOKS) {
    const message = `the source has ${runs} hooks: must be at most ${MAX_HOOKS}, each phase counted`;
    problems.push({ origin: first.document.origin, message });
  }
  return problems;
}

/** Returns the documents that run as hooks, in apply order. */
export function hooksOf(documents: readonly Document[]): Hook[] {
  return documents
    .flatMap((document) => {
      const spec = hookAnnotation(document.object.metadata)?.hook;
      return spec === undefined ? [] : [{ document, spec }];
    })
    .sort((a, b) => compareForApply(a.document.id, b.document.id));
}

function waveProblems({ object }: Document): string[] {
  const wave = waveAnnotation(object.metadata);
  if (wave === undefined || wave.key !== ANNOTATION_WAVE || wave.wave !== undefined) return [];
  return [
    `annotation ${wave.key} is ${JSON.stringify(wave.value)}: must be an integer of at most nine digits, such as "-1" or "10"`,
  ];
}

function hookProblems({ object }: Document): string[] {
  const found = hookAnnotation(object.metadata);
  if (found === undefined || found.key !== ANNOTATION_HOOK) return [];
  const phases = HOOK_PHASES.join(", ");
  const empty = `annotation ${found.key} is empty: must be one or more of ${phases}, separated by commas`;
  return [
    ...found.unknown.map((phase) => `annotation ${found.key}: ${JSON.stringify(phase)} must be one of ${phases}`),
    ...(found.value === "" ? [empty] : []),
    ...found.problems,
  ];
}
