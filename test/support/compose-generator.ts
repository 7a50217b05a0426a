import fc from "fast-check";

type Values = Readonly<Record<string, unknown>>;

const name = fc.constantFrom("A", "B", "C_D", "LONG_NAME", "lower", "X1");
/** Strings with what the readers of Compose treat specially; the variables GIVEN=g alone is set. */
const text = fc
  .array(
    fc.constantFrom(
      ...[
        "a",
        " ",
        "$$",
        "${GIVEN}",
        "$GIVEN.",
        "${NOPE:-d e}",
        "${NOPE-}",
        "${GIVEN:+yes}",
        "${NOPE:-${GIVEN}x}",
        "'",
        '"',
        "#",
      ],
      ...[
        "=",
        ":",
        "%",
        "$$(x)",
        "\\",
        "é",
        "1",
        "0x1F",
        "~",
        "{}",
        "&a",
        "!t",
        "- ",
        "${GIVEN:?must}",
        "$$$$",
        "\t",
        "|",
      ],
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(""));
const scalar = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 2, arbitrary: fc.constantFrom(true, false, 0, 7, -1, 1.5, 1e-7, 123456789012, 0.1, 1e21) },
);

/** Each with a value: one without keeps that of a file here, and removes it in Compose. */
const environment = fc.oneof(
  fc.dictionary(name, scalar, { maxKeys: 4 }),
  fc.uniqueArray(
    fc.tuple(name, text).map(([key, value]) => `${key}=${value}`),
    { maxLength: 4, selector: (pair) => pair.split("=")[0] },
  ),
);

/** Words without an open quote, which Compose refuses. */
const word = fc.constantFrom(
  "a",
  "b c",
  '"d e"',
  "'f g'",
  "--x=${GIVEN}",
  "$$HOME",
  '"it\'s"',
  "''",
  "a\\ b",
  "${NOPE:-n}",
);
/** In a string, Compose ignores it and what follows. */
const operator = fc.constantFrom(";", "&&", "<");
const command = fc.oneof(
  fc
    .tuple(word, fc.array(fc.oneof(word, operator), { maxLength: 3 }))
    .map(([first, more]) => [first, ...more].join(" ")),
  fc.array(fc.oneof(word, operator, fc.constantFrom("1", "true")), { minLength: 1, maxLength: 4 }),
);

const port = fc.integer({ min: 1, max: 60_000 });
const protocol = fc.constantFrom("", "/udp", "/tcp");
const ports = fc.array(
  fc.oneof(
    fc.tuple(port, protocol).map(([target, kind]) => `${target}${kind}`),
    fc.tuple(port, port, protocol).map(([published, target, kind]) => `${published}:${target}${kind}`),
    fc.tuple(port, port).map(([published, target]) => `127.0.0.1:${published}:${target}`),
    port.map((target) => `${target}-${target + 2}`),
    port.map((target) => ({ target, protocol: "udp" })),
    port.map((target) => ({ target, published: String(target), mode: "host" })),
  ),
  { maxLength: 2 },
);

/** At most one mount: Compose refuses two that have the same target in different spellings. */
const volumesAt = (path: fc.Arbitrary<string>): fc.Arbitrary<readonly unknown[]> =>
  fc.array(
    fc.oneof(
      path,
      path.map((target) => `kept:${target}`),
      path.map((target) => `kept:${target}:ro`),
      path.map((target) => ({ type: "tmpfs", target })),
      path.map((target) => ({ type: "volume", source: "kept", target, read_only: true })),
    ),
    { maxLength: 1 },
  );

const part = (values: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Values> =>
  fc.record(values, { requiredKeys: [] });

const dotenvLine = fc.oneof(
  fc
    .tuple(
      name,
      text.map((value) => value.replaceAll(/['"\\\t]/g, "")),
    )
    .map(([key, value]) => `${key}=${value}`),
  fc
    .tuple(
      name,
      text.map((value) => value.replaceAll(/['\\]/g, "")),
    )
    .map(([key, value]) => `${key}='${value}'`),
  fc
    .tuple(
      name,
      text.map((value) => value.replaceAll(/["\\]/g, "")),
    )
    .map(([key, value]) => `export ${key} = "${value}" # x`),
  fc.constantFrom("", "# a comment", "  INDENTED=1  ", "BARE", "EMPTY="),
);

const base = part({
  ...{ environment, command, entrypoint: command, ports },
  volumes: volumesAt(fc.constantFrom("/a", "/b/", "/c/d", "/e//f", "/g/./h")),
});
const override = part({ environment, command, ports, volumes: volumesAt(fc.constantFrom("/a", "/other")) });
const service = fc.tuple(
  base,
  fc.option(override, { freq: 2 }),
  fc.option(fc.array(dotenvLine, { maxLength: 5 }), { freq: 3 }),
);

/**
 * Returns the files of a project of so many services, each of which has its line in `compose.yaml`, and some one in `override.yaml` and
 * a file of variables. Everything in them is valid; the same seed makes the same files.
 */
export function generatedProject(seed: number, services: number): Readonly<Record<string, string>> {
  const lines: string[] = [];
  const overrides: string[] = [];
  const files: Record<string, string> = {};
  fc.sample(service, { seed, numRuns: services }).forEach(([own, more, variables], index) => {
    const key = `s${index}`;
    const all = { image: "x:1", ...own, ...(variables === null ? {} : { env_file: [`${key}.env`] }) };
    lines.push(`  "${key}": ${JSON.stringify(all)}`);
    if (more !== null) overrides.push(`  "${key}": ${JSON.stringify(more)}`);
    if (variables !== null) files[`${key}.env`] = `${variables.join("\n")}\n`;
  });
  return {
    ...files,
    "compose.yaml": `services:\n${lines.join("\n")}\nvolumes: {kept: {}}\n`,
    "override.yaml": `services:\n${overrides.join("\n")}\n`,
  };
}
