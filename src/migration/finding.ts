/** What becomes of a field: converted with a difference, to be done by a person, or a reason not to convert the app at all. */
export type FindingLevel = "difference" | "manual" | "blocked";

/** A line of the report about one field of the object that is converted. */
export interface Finding {
  readonly level: FindingLevel;
  /** Path of the field, for example `spec.source.plugin`. Empty: the whole object. */
  readonly field: string;
  /** What happens, and what to do. Contains no value of a Secret. */
  readonly message: string;
}

/** Takes the findings about one object, and the fields that were converted as they are. */
export class Findings {
  readonly #findings: Finding[] = [];
  readonly #converted: string[] = [];

  /** Findings in the order in which they were added, each once. */
  get all(): readonly Finding[] {
    return this.#findings;
  }

  /** Paths of the fields that were converted without a remark. */
  get converted(): readonly string[] {
    const remarked = new Set(this.#findings.map(({ field }) => field));
    return [...new Set(this.#converted)].filter((field) => !remarked.has(field));
  }

  /** Whether the app must not be converted. */
  get isBlocked(): boolean {
    return this.#findings.some(({ level }) => level === "blocked");
  }

  /** Adds a finding. */
  add(level: FindingLevel, field: string, message: string): void {
    if (!this.#findings.some((known) => known.field === field && known.message === message))
      this.#findings.push({ level, field, message });
  }

  /** Notes a field that was read. It counts as converted unless a finding names it. */
  read(field: string): void {
    this.#converted.push(field);
  }
}
