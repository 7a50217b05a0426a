import { systemSecretProblem } from "../../api/core/app-backup.js";
import { SecretDocument } from "../../api/documents/secret.js";
import { SecretText } from "../../base/secret-text.js";
import type { KubeObject } from "../../manifest/document.js";
import { showKey } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";
import { hashBody, type PreparedDocument } from "../../manifest/to-document.js";
import { toPrepared } from "../overseer/core-object.js";
import type { RenderProblem } from "../render-error.js";
import type { RendererOutput } from "../renderer.js";
import type { RenderRequest } from "../request.js";
import { coreSecretName, isSecretDocument, templatesOf } from "./secret-documents.js";
import { templateParts } from "./secret-template.js";
import { textOf } from "./secret-values.js";

/** Goes up whenever the same Secret documents would give other secrets. */
export const SECRETS_VERSION = 1;

/** Bytes of a value in a Core, and of all values of a Secret on Kubernetes. */
const MAX_CORE_VALUE = 64 * 1024;
const MAX_SECRET = 2 ** 20;

/**
 * Turns Secret documents into Secrets, or, for a Core, all Secrets into secrets of the Core. Without values, as on the command line,
 * documents that refer to some stay what they are.
 */
export function withSecretValues(output: RendererOutput, request: RenderRequest): RendererOutput {
  if (output.problems.length > 0) return output;
  const problems: RenderProblem[] = [];
  const documents = output.documents.flatMap((document) => {
    const secret = isSecretDocument(document) ? filled(document, request, problems) : document;
    return request.target === "overseer" ? ofCore(secret, request, problems) : [secret];
  });
  return { ...output, documents, problems };
}

function filled(document: PreparedDocument, { external }: RenderRequest, problems: RenderProblem[]): PreparedDocument {
  const parsed = SecretDocument.parse(document.object);
  const { values = {}, type } = parsed.spec;
  const known = external?.secretValues;
  if (known === undefined && Object.keys(values).length > 0) return document;
  const { name, namespace, labels, annotations } = parsed.metadata;
  const fault = (key: string, message: string): void =>
    void problems.push({
      origin: document.origin,
      object: `Secret ${name}`,
      message: `spec.data.${showKey(key)}: ${message}`,
    });
  const data: Record<string, string> = {};
  let size = 0;
  for (const [key, template] of templatesOf(parsed)) {
    const bytes = fill(template, (value) => values[value] && known?.get(values[value]));
    if (typeof bytes === "string") fault(key, bytes);
    else {
      size += bytes.length;
      data[key] = bytes.toString("base64");
    }
  }
  if (size > MAX_SECRET)
    problems.push({ origin: document.origin, object: `Secret ${name}`, message: "is larger than 1 MiB: split it" });
  const object: KubeObject = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    ...(type === undefined ? {} : { type }),
    data,
  };
  const { written: _, ...rest } = document;
  return { ...rest, object, bodyHash: hashBody(object), confidential: true };
}

/** Fills in a template; a text says why that is not possible. A single value may be any bytes. */
function fill(template: string, lookup: (name: string) => Uint8Array | undefined): Buffer | string {
  const parts = templateParts(template);
  const filledIn: Buffer[] = [];
  for (const part of parts) {
    const bytes = "text" in part ? Buffer.from(part.text) : lookup(part.value);
    if (bytes === undefined) return "the value is not known";
    if (parts.length > 1 && textOf(bytes) === undefined)
      return "a value that is not text in UTF-8 cannot be a part of a text: use it alone";
    filledIn.push(Buffer.from(bytes));
  }
  return Buffer.concat(filledIn);
}

function ofCore(document: PreparedDocument, request: RenderRequest, problems: RenderProblem[]): PreparedDocument[] {
  const { object, origin } = document;
  if (object.apiVersion !== "v1" || object.kind !== "Secret") return [document];
  const { name } = object.metadata;
  return Object.entries(isRecord(object.data) ? object.data : {}).flatMap(([key, encoded]) => {
    const text = textOf(Buffer.from(String(encoded), "base64"));
    const secret = coreSecretName(name, key);
    const reserved = systemSecretProblem(secret);
    if (reserved !== undefined) {
      problems.push({ origin, object: `Secret ${name}`, message: `data.${showKey(key)} ${reserved}` });
      return [];
    }
    if (text === undefined || Buffer.byteLength(text) > MAX_CORE_VALUE) {
      const message = text === undefined ? "is not text in UTF-8" : "is larger than 64 KiB";
      problems.push({
        origin,
        object: `Secret ${name}`,
        message: `data.${showKey(key)} ${message}, and cannot be a secret of a Core`,
      });
      return [];
    }
    const tag = request.checksums?.digest(`core-secret ${secret} ${text}`) ?? "";
    const made = toPrepared(
      { kind: "Secret", name: secret, spec: { value: new SecretText(text), tag } },
      document,
      undefined,
    );
    return [{ ...made, confidential: true }];
  });
}
