/** Writes generated-vectors.json: how kubectl reads the generated texts. `make yaml-vectors` runs it; it needs Go. */
import { writeFileSync } from "node:fs";
import { GENERATED_VECTORS_FILE, KEPT_TEXTS, KEPT_TEXTS_DIGEST } from "./generated-vectors.js";
import { readAsKubectl } from "./kubectl-yaml.js";

const readings = await readAsKubectl(KEPT_TEXTS);
const lines = readings.map((reading) => `    ${JSON.stringify(reading)}`).join(",\n");
writeFileSync(GENERATED_VECTORS_FILE, `{\n  "texts": "${KEPT_TEXTS_DIGEST}",\n  "readings": [\n${lines}\n  ]\n}\n`);
