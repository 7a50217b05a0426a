import type { FieldPlace, Origin } from "../../manifest/document.js";
import { type FieldPath, showPath } from "../../manifest/field-path.js";

/** Something to say about a field. */
export interface FieldNote extends FieldPlace {
  /** How people name the document, like `App production/nextcloud`. */
  readonly object: string;
  /** What is to be said, without the field. Never a value of an environment. */
  readonly message: string;
}

/** Something wrong with a field: what is wrong and what was expected. */
export type FieldProblem = FieldNote;

/** Collects what is to be said about one document. */
export interface Findings {
  readonly problems: FieldProblem[];
  readonly notes: FieldNote[];
}

/** Where the fields of a value are written that was put together from several. */
interface Places {
  readonly find: (path: FieldPath) => Reporter | undefined;
  /** Length of the path of the value itself. */
  readonly depth: number;
}

/** What of a document is worth saying; the rest would not be read. */
const MAX_FINDINGS = 100;

/** Says what is wrong with a field, and with those below it, without its caller knowing where in which file it stands. */
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

  /** Whether anything was wrong so far, here or elsewhere in the document. */
  get failed(): boolean {
    return this.#findings.problems.length > 0;
  }

  /** `file:line: field`, for a message about another place that means this one. The line is the document's. */
  get place(): string {
    return `${this.#origin.file}:${this.#origin.line}: ${this.#object}: ${showPath(this.#path)}`;
  }

  /** For a field below this one. */
  at(...steps: FieldPath): Reporter {
    return new Reporter(this.#findings, this.#origin, this.#object, [...this.#path, ...steps], this.#places);
  }

  /** For a value that was put together from several: `find` gives the place where a field below this one is written. */
  withPlaces(find: Places["find"]): Reporter {
    return new Reporter(this.#findings, this.#origin, this.#object, this.#path, { find, depth: this.#path.length });
  }

  /** For the content of another file that the document names. */
  inFile(file: string, line = 1): Reporter {
    return new Reporter(this.#findings, { file, line }, this.#object);
  }

  /** The field is wrong: nothing of the source is applied. A message that costs something to make is given as a function. */
  problem(message: string | (() => string)): void {
    const { problems } = this.#findings;
    if (problems.length >= MAX_FINDINGS) return;
    add(problems, this.field(typeof message === "string" ? message : message()));
  }

  /** A person should know this of the field. */
  note(message: string): void {
    const { notes } = this.#findings;
    if (notes.length < MAX_FINDINGS) add(notes, this.field(message));
  }

  /** The field with what is said about it, to be located later. */
  field(message: string): FieldNote {
    return { ...this.fieldPlace, object: this.#object, message };
  }

  /** Where the field is written, to be located later. */
  get fieldPlace(): FieldPlace {
    const written = this.#places?.find(this.#path.slice(this.#places.depth)) ?? this;
    return { origin: written.#origin, path: written.#path };
  }
}

/** A field that several services inherit would say the same for each. */
function add(list: FieldNote[], one: FieldNote): void {
  const key = keyOf(one);
  if (!list.some((other) => keyOf(other) === key)) list.push(one);
}

function keyOf({ origin, path, message }: FieldNote): string {
  return JSON.stringify([origin.file, origin.line, path, message]);
}
