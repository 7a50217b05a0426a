import { ANNOTATION_WAVE } from "../api/group.js";
import type { Document } from "../manifest/document.js";
import { displayId } from "../manifest/object-id.js";
import { waveAnnotation } from "../manifest/wave.js";
import type { RenderProblem } from "./render-error.js";

/** Returns the invalid values of our own annotations. */
export function annotationProblems(documents: readonly Document[]): RenderProblem[] {
  return documents.flatMap(({ object, origin, id }) => {
    const wave = waveAnnotation(object.metadata);
    if (wave === undefined || wave.key !== ANNOTATION_WAVE || wave.wave !== undefined) return [];
    const message = `annotation ${wave.key} is ${JSON.stringify(wave.value)}: must be an integer of at most nine digits, such as "-1" or "10"`;
    return [{ origin, object: displayId(id), message }];
  });
}
