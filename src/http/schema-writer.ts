import { z } from "zod";

/** Converts zod schemas to JSON Schemas that refer to named ones by `#/components/schemas/`. */
export class SchemaWriter {
  readonly #names = z.registry<{ id: string }>();
  readonly #components: Record<string, unknown> = {};

  /** `named` are the schemas that become components, by name. */
  constructor(named: Readonly<Record<string, z.ZodType>>) {
    for (const [id, schema] of Object.entries(named)) this.#names.add(schema, { id });
  }

  /** Returns the JSON Schema of what a client sends (`input`) or receives (`output`). */
  write(schema: z.ZodType, io: "input" | "output"): unknown {
    const name = this.#names.get(schema)?.id;
    const written = z.toJSONSchema(schema, { io, metadata: this.#names, unrepresentable: "any" });
    const { $defs: defs = {}, ...rest } = relink(written) as Record<string, unknown> & { $defs?: object };
    for (const [id, definition] of Object.entries(defs)) this.#components[id] ??= withoutIds(definition);
    if (name === undefined) return withoutIds(rest);
    this.#components[name] ??= withoutIds(rest);
    return { $ref: `#/components/schemas/${name}` };
  }

  /** Returns the named schemas that were written, sorted by name. */
  components(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.#components).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function withoutIds(definition: unknown): unknown {
  const { $schema: _, id: __, ...rest } = definition as Record<string, unknown>;
  return rest;
}

function relink(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
