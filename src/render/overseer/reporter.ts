import type { FieldPlace, Origin } from "../../manifest/document.js";
import { type FieldPath, showPath } from "../../manifest/field-path.js";

/** A message about a field. */
export interface FieldNote extends FieldPlace {
  /** Display name of the document, for example `App production/nextcloud`. */
  readonly object: string;
  /** The message without the field. Never contains values of `environment`. */
  readonly message: string;
  /** See `Note`. */
  readonly readable?: true;
}

/** A problem of a field: the cause and the expected value. */
export type FieldProblem = FieldNote;

/** Problems and notes of one document. */
export interface Findings {
  readonly problems: FieldProblem[];
  readonly notes: FieldNote[];
}

/** Resolves the places of fields of a merged value. */
interface Places {
  readonly find: (path: FieldPath) => Reporter | undefined;
  /** Length of the path of the merged value. */
  readonly depth: number;
}

/** Maximum number of problems, and of notes, per document. */
const MAX_FINDINGS = 100;

/** Reports problems and notes of a field and its descendants. Callers do not need to know the file or line of the field. */
export class Reporter {
  readonly #findings: Findings;
  readonly #origin: Origin;
  readonly #object: string;
  readonly #path: FieldPath;
  readonly #places: Places | undefined;

  constructor(findings: Findings, origin: Origin, object: string, path: FieldPath = [], places?: Places) {
    this.#findings = findings;
    this.#origin = origin;
    this.#object = object;
    this.#path = path;
    this.#places = places;
  }

  /** Whether any problem of the document has been reported so far. */
  get failed(): boolean {
    return this.#findings.problems.length > 0;
  }

  /** `file:line: field`, for messages that refer to this place. The line is the first line of the document. */
  get place(): string {
    return `${this.#origin.file}:${this.#origin.line}: ${this.#object}: ${showPath(this.#path)}`;
  }

  /** Returns the reporter of a descendant of this field. */
  at(...steps: FieldPath): Reporter {
    return new Reporter(this.#findings, this.#origin, this.#object, [...this.#path, ...steps], this.#places);
  }

  /** Returns a reporter for a merged value. `find` resolves the place of a descendant. */
  withPlaces(find: Places["find"]): Reporter {
    return new Reporter(this.#findings, this.#origin, this.#object, this.#path, { find, depth: this.#path.length });
  }

  /** Returns a reporter for the content of another file that the document references. */
  inFile(file: string, line = 1): Reporter {
    return new Reporter(this.#findings, { file, line }, this.#object);
  }

  /** Reports a problem, which prevents the source from being applied. Pass a function if the message is expensive to compute. */
  problem(message: string | (() => string)): void {
    const { problems } = this.#findings;
    if (problems.length >= MAX_FINDINGS) return;
    add(problems, this.field(typeof message === "string" ? message : message()));
  }

  /** Reports a note. */
  note(message: string): void {
    const { notes } = this.#findings;
    if (notes.length < MAX_FINDINGS) add(notes, this.field(message));
  }

  /** Reports a secret that is readable in Git. */
  readable(message: string): void {
    const { notes } = this.#findings;
    if (notes.length < MAX_FINDINGS) add(notes, { ...this.field(message), readable: true });
  }

  /** Returns the message with its field. The line is resolved later. */
  field(message: string): FieldNote {
    return { ...this.fieldPlace, object: this.#object, message };
  }

  /** Returns the place of the field. The line is resolved later. */
  get fieldPlace(): FieldPlace {
    const written = this.#places?.find(this.#path.slice(this.#places.depth)) ?? this;
    return { origin: written.#origin, path: written.#path };
  }
}

/** Adds a message unless it is a duplicate: services can inherit the same field. */
function add(list: FieldNote[], one: FieldNote): void {
  const key = keyOf(one);
  if (!list.some((other) => keyOf(other) === key)) list.push(one);
}

function keyOf({ origin, path, message }: FieldNote): string {
  return JSON.stringify([origin.file, origin.line, path, message]);
}
