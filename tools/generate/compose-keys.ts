import { DOCUMENT_KEYS } from "../../src/render/compose/support/document-keys.js";
import { ITEM_KEYS } from "../../src/render/compose/support/item-keys.js";
import type { KeyTable, Support } from "../../src/render/compose/support/key-support.js";
import { SERVICE_KEYS } from "../../src/render/compose/support/service-keys.js";
import type { Output } from "./outputs.js";

const WORDS: Readonly<Record<Support, string>> = { mapped: "yes", warning: "warning", note: "note", refused: "no" };

const INTRODUCTION = `# Keys of Compose on Kubernetes

<!-- Generated from src/render/compose/support; run make generate. -->

What becomes of each key when an App is [compiled for Kubernetes](../compose-on-kubernetes.md). *yes*: it has the same effect. *warning*: it
is converted with a loss or has no effect, and each use is reported as a warning. *note*: it is not needed, and each use is reported.
*no*: the app is refused. Keys that start with \`x-\` are ignored, and unknown keys are refused.
`;

/** Returns the page with the keys of Compose and what becomes of them. */
export function composeKeysOutput(): Output {
  const sections = [
    section("Document", DOCUMENT_KEYS),
    section("Services", SERVICE_KEYS),
    section("Items in long syntax", ITEM_KEYS),
  ];
  return { path: "docs/documents/compose-keys.md", text: [INTRODUCTION, ...sections].join("\n") };
}

function section(title: string, table: KeyTable): string {
  const rows = Object.entries(table).map(
    ([key, { support, effect }]) => `| \`${key}\` | ${WORDS[support]} | ${effect.replaceAll("|", "\\|")} |`,
  );
  return [`## ${title}`, "", "| key | supported | effect |", "| --- | --- | --- |", ...rows, ""].join("\n");
}
