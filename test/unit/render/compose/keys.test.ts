import { expect } from "chai";
import type { ComposeSource } from "../../../../src/api/compose-source.js";
import { DOCUMENT_KEYS } from "../../../../src/render/compose/support/document-keys.js";
import { ITEM_KEYS } from "../../../../src/render/compose/support/item-keys.js";
import type { KeySupport } from "../../../../src/render/compose/support/key-support.js";
import { SERVICE_KEYS } from "../../../../src/render/compose/support/service-keys.js";
import type { Form } from "../../../../src/render/overseer/compose/forms.js";
import { TOP_LEVEL_KEYS } from "../../../../src/render/overseer/compose/keys.js";
import { RESOURCE_FIELDS } from "../../../../src/render/overseer/compose/resource-forms.js";
import { MOUNT_FIELDS, PORT_FIELDS, SERVICE_FIELDS } from "../../../../src/render/overseer/compose/service-forms.js";
import { type Compiled, compile } from "./support/compile.js";
import { DOCUMENT_EXAMPLES } from "./support/document-examples.js";
import { EXAMPLES, type KeyExample } from "./support/key-examples.js";

const CLUSTER: ComposeSource = {
  allow: ["Privileged", "HostNetwork", "HostPID", "HostIPC"],
  devices: [{ path: "/dev/x", resource: "example.com/x" }],
};
const FILES = {
  "x.env": "FROM_FILE=1\n",
  "conf/a.conf": "a\n",
  "secret.txt": "s\n",
  "included.compose": "services: {included: {image: 'y:1'}}\n",
};

/** Keys that are validated elsewhere, with their forms. */
const OTHER_FORMS: Readonly<Record<string, Readonly<Record<string, Form>>>> = {
  ports: PORT_FIELDS,
  volumes: MOUNT_FIELDS,
};
/** Keys whose own keys have no row of their own, because all of them share the effect. */
const WHOLE = new Set(
  "blkio_config build credential_spec deploy.rollback_config develop gpus logging models provider ulimits healthcheck.x".split(
    " ",
  ),
);

function keysOf(form: Form, path: string): string[] {
  const below = (form.parts ?? []).flatMap(({ step, form: part }) => {
    const next = step === "" ? path : `${path}.${step}`;
    return WHOLE.has(next) ? [next] : keysOf(part, next);
  });
  const isLeaf = !(form.parts ?? []).some((part) => hasKeys(part.form) || part.step !== "");
  return isLeaf ? [path] : below;
}

function hasKeys(form: Form): boolean {
  return (form.parts ?? []).some(({ step, form: part }) => step !== "" || hasKeys(part));
}

const ROWS: Readonly<Record<string, KeySupport>> = { ...SERVICE_KEYS, ...ITEM_KEYS };
/** Rows that cover all keys below them. */
const COVERING = [
  "deploy.resources.reservations.devices",
  "deploy.resources.reservations.generic_resources",
  "deploy.placement.preferences",
  "deploy.rollback_config",
];

function covered(key: string, rows: Readonly<Record<string, KeySupport>>): boolean {
  return Object.hasOwn(rows, key) || COVERING.some((row) => key.startsWith(`${row}.`));
}

describe("the table of keys of Compose on Kubernetes", () => {
  it("has a row for every key that the reader of Compose accepts", () => {
    const fields = Object.entries(SERVICE_FIELDS).flatMap(([key, form]) => {
      const others = OTHER_FORMS[key];
      if (others !== undefined) return Object.entries(others).flatMap(([name, one]) => keysOf(one, `${key}.${name}`));
      return WHOLE.has(key) ? [key] : keysOf(form, key);
    });
    expect(fields.length).to.be.above(140);
    expect(fields.map((key) => key.replace(/\.\*$/, "")).filter((key) => !covered(key, ROWS))).to.deep.equal([]);
    expect(Object.keys(SERVICE_FIELDS).filter((key) => !Object.hasOwn(ROWS, key))).to.deep.equal([]);
    const documents = Object.entries(RESOURCE_FIELDS).flatMap(([kind, known]) =>
      Object.keys(known).map((key) => `${kind}.*.${key}`),
    );
    const own = ["networks", "volumes", "secrets", "configs"];
    const top = TOP_LEVEL_KEYS.filter((key) => !own.includes(key));
    expect([...documents, ...top].filter((key) => !Object.hasOwn(DOCUMENT_KEYS, key))).to.deep.equal([]);
  });

  it("has an example for every row", () => {
    expect(Object.keys(ROWS).filter((key) => !Object.hasOwn(EXAMPLES, key))).to.deep.equal([]);
    expect(Object.keys(DOCUMENT_KEYS).filter((key) => !Object.hasOwn(DOCUMENT_EXAMPLES, key))).to.deep.equal([]);
  });

  const run = (written: string): Promise<Compiled> =>
    compile(written, { cluster: CLUSTER, files: FILES, env: { V: "v" } });
  const cases = [
    ...Object.entries(EXAMPLES).map(([key, example]) => [key, example, ROWS[key]] as const),
    ...Object.entries(DOCUMENT_EXAMPLES).map(([key, example]) => [key, example, DOCUMENT_KEYS[key]] as const),
  ];
  for (const [key, example, row] of cases) {
    if (row === undefined) continue;
    it(`says the truth about ${key}: ${row.support}`, async () => {
      const [without, result] = await Promise.all([run(example.without), run(example.with)]);
      check(key, example, row, without, result);
    });
  }
});

function check(
  key: string,
  { finding }: KeyExample,
  { support, effect }: KeySupport,
  without: Compiled,
  result: Compiled,
): void {
  const shown = JSON.stringify(result, undefined, 1);
  if (support === "refused" && finding !== "problem") {
    expect(
      result.problems.some((text) => text.endsWith(effect)),
      shown,
    ).to.equal(true);
    return;
  }
  if (finding === "problem") {
    expect(result.problems.length, shown).to.be.above(without.problems.length);
    return;
  }
  expect(result.problems, key).to.deep.equal([]);
  const said = result.notes.filter((text) => !without.notes.includes(text));
  if (support === "warning")
    expect(
      said.some((text) => text.endsWith(`warning: ${effect}`) || text.includes("warning:")),
      shown,
    ).to.equal(true);
  else if (support === "note")
    expect(
      said.some((text) => text.endsWith(effect)),
      shown,
    ).to.equal(true);
  else if (finding === "note") expect(said, shown).to.have.length.above(0);
  else if (finding !== "nothing") expect(result.objects, shown).to.not.deep.equal(without.objects);
}
