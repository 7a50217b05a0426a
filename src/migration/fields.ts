import { describeType, isRecord } from "../manifest/shape.js";
import type { FindingLevel, Findings } from "./finding.js";

/**
 * Reads an object field by field and remembers what was read, so that no field is lost silently: `reportUnread` adds a finding for
 * each field that no one asked for. A field with another type than expected blocks the conversion.
 *
 * @example
 * const spec = Fields.of(application.spec, "spec", findings);
 * const path = spec.text("path");
 * spec.reportUnread();
 */
export class Fields {
  readonly path: string;
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #findings: Findings;
  readonly #read = new Set<string>();
  readonly #children: Fields[] = [];

  private constructor(value: Readonly<Record<string, unknown>>, path: string, findings: Findings) {
    this.#value = value;
    this.path = path;
    this.#findings = findings;
  }

  /** Fields of an object at a path. Anything else than an object is reported, and read as an empty one. */
  static of(value: unknown, path: string, findings: Findings): Fields {
    if (value !== undefined && value !== null && !isRecord(value))
      findings.add("blocked", path, `is ${describeType(value)}, but has to be an object`);
    return new Fields(isRecord(value) ? value : {}, path, findings);
  }

  /** Path of a field of this object. */
  pathOf(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  /** Whether a field is set. Null counts as unset, as in the Kubernetes API. */
  has(name: string): boolean {
    return this.#value[name] !== undefined && this.#value[name] !== null;
  }

  /** Names of the fields that are set. */
  names(): readonly string[] {
    return Object.keys(this.#value).filter((name) => this.has(name));
  }

  /** A text; undefined if it is unset or empty. */
  text(name: string): string | undefined {
    return this.#typed(name, "text", (value): value is string => typeof value === "string") || undefined;
  }

  /** A boolean. */
  flag(name: string): boolean | undefined {
    return this.#typed(name, "a boolean", (value): value is boolean => typeof value === "boolean");
  }

  /** An integer. */
  integer(name: string): number | undefined {
    const value = this.#typed(
      name,
      "an integer",
      (one): one is number | bigint | string => typeof one === "bigint" || /^-?\d{1,15}$/.test(String(one)),
    );
    return value === undefined ? undefined : Number(value);
  }

  /** A value as it is, with everything below it. */
  value(name: string): unknown {
    this.#mark(name);
    return this.has(name) ? this.#value[name] : undefined;
  }

  /** The fields of an object; undefined if it is unset. */
  object(name: string): Fields | undefined {
    this.#read.add(name);
    if (!this.has(name)) return undefined;
    return this.#child(this.#value[name], this.pathOf(name));
  }

  /** The fields of each object of a list. */
  objects(name: string): readonly Fields[] {
    this.#read.add(name);
    return this.#items(name).map((item, index) => this.#child(item, `${this.pathOf(name)}[${index}]`));
  }

  /** A list of texts; undefined if it is unset or empty. */
  texts(name: string): readonly string[] | undefined {
    this.#mark(name);
    const items = this.#items(name);
    items.forEach((item, index) => {
      if (typeof item !== "string")
        this.#findings.add("blocked", `${this.pathOf(name)}[${index}]`, `is ${describeType(item)}, but has to be text`);
    });
    return items.length === 0 ? undefined : items.filter((item): item is string => typeof item === "string");
  }

  /** A map of texts; undefined if it is unset or empty. */
  textMap(name: string): Readonly<Record<string, string>> | undefined {
    const map = this.object(name);
    const names = map?.names() ?? [];
    if (map === undefined || names.length === 0) return undefined;
    const pairs = names.map((key) => [key, map.anyText(key)] as const);
    return Object.fromEntries(pairs.flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])));
  }

  /** A text, which may be empty. */
  anyText(name: string): string | undefined {
    return this.#typed(name, "text", (value): value is string => typeof value === "string");
  }

  /** Adds a finding about a field, and marks it as read with everything below it. */
  report(name: string, level: FindingLevel, message: string): void {
    this.#read.add(name);
    this.#findings.add(level, this.pathOf(name), message);
  }

  /** Adds a finding if a field is set. A field that is false, empty, or one of `harmless` counts as unset. */
  reportIfSet(name: string, level: FindingLevel, message: string, harmless: readonly unknown[] = []): void {
    this.#read.add(name);
    const value = this.#value[name];
    if (!this.has(name) || isEmpty(value) || harmless.includes(value)) return;
    this.report(name, level, message);
  }

  /** Marks fields as read that have no meaning for the conversion. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }

  /** Adds a finding for each field that was not read, here and in the objects that were read. */
  reportUnread(): void {
    for (const name of this.names())
      if (!this.#read.has(name))
        this.#findings.add(
          "blocked",
          this.pathOf(name),
          "is not known to this version: check what it does, and remove it or convert this app by hand",
        );
    for (const child of this.#children) child.reportUnread();
  }

  #child(value: unknown, path: string): Fields {
    const child = Fields.of(value, path, this.#findings);
    this.#children.push(child);
    return child;
  }

  #items(name: string): readonly unknown[] {
    const value = this.#value[name];
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.#findings.add("blocked", this.pathOf(name), `is ${describeType(value)}, but has to be a list`);
    return [];
  }

  #typed<T>(name: string, expected: string, isRight: (value: unknown) => value is T): T | undefined {
    this.#mark(name);
    const value = this.#value[name];
    if (value === undefined || value === null) return undefined;
    if (isRight(value)) return value;
    this.#findings.add("blocked", this.pathOf(name), `is ${describeType(value)}, but has to be ${expected}`);
    return undefined;
  }

  #mark(name: string): void {
    this.#read.add(name);
    if (this.has(name)) this.#findings.read(this.pathOf(name));
  }
}

function isEmpty(value: unknown): boolean {
  if (value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}
