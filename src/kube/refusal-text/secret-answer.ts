import { isRecord } from "../../manifest/shape.js";
import type { KubeStatus } from "../errors.js";
import { typedErrors } from "./typed-errors.js";

/** The parts of a request that its response may refer to. */
export interface CompletedRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** Whether the object is no Secret, and holds values of Secrets. */
  readonly confidential?: boolean | undefined;
}

/** Replaces text that may be confidential. */
const NOT_SHOWN = "the message is not shown because it may quote a value of the Secret";

/** Keys required by Secret types; the API server may name them although the document does not contain them. */
const REQUIRED_KEYS: readonly string[] = [
  "tls.crt",
  "tls.key",
  ".dockerconfigjson",
  ".dockercfg",
  "username",
  "password",
  "ssh-privatekey",
];

/** Path of a field. */
const FIELD =
  /^\.?[A-Za-z]\w{0,62}(?:\.[A-Za-z][\w-]{0,62}|\[(?:\d+|[\w./-]{1,253}|\w+="[\w.-]{1,63}"(?:,\w+=(?:\d+|"[\w.-]{1,63}"))*)\]){0,64}$/;
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const METADATA =
  /^\.?(?:apiVersion|kind|type|immutable|metadata(?:\.(?:name|namespace|labels|annotations|ownerReferences|finalizers|managedFields)(?:\[[\w./-]{1,317}\]|\.[\w./-]{1,317})?)?)$/;

/** Messages that contain only names and numbers. Text after a match is not shown. */
const KNOWN: readonly RegExp[] = [
  /^[\w.-]+(?: "[\w.:-]+")? is forbidden: User "[\w:.@-]+" cannot \w+ resource "[\w./-]+" in API group "[\w.-]*"(?: in the namespace "[\w-]+"| at the cluster scope)?/,
  /^[\w.-]+(?: "[\w.:-]+")? is forbidden: exceeded quota: [\w.-]+(?:, (?:requested|used|limited): [\w./-]+=\w+(?:,[\w./-]+=\w+)*){3}/,
  /^[\w.-]+(?: "[\w.:-]+")? is forbidden: unable to create new content in namespace [\w-]+ because it is being terminated/,
  /^(?:[\w.-]+(?: "[\w.:-]+")? is forbidden: )?(?:Validating|Mutating)AdmissionPolicy '[\w.-]+'(?: with binding '[\w.-]+')? denied request/,
  /^admission webhook "[\w.-]+" (?:denied the request|attempted to modify the object)/,
  /^Internal error occurred: failed calling webhook "[\w.-]+"/,
  /^[\w.-]+ "[\w.:-]+" (?:not found|already exists)/,
  /^Operation cannot be fulfilled on [\w.-]+ "[\w.:-]+": the object has been modified; please apply your changes to the latest version and try again/,
  /^failed to convert new object \([\w./-]*; \/v1, Kind=Secret\) to proper version: unable to convert unstructured object to \/v1, Kind=Secret: error decoding from json: illegal base64 data/,
  /^(?:Request entity too large: limit is \d+|etcdserver: request is too large)/,
  /^the server (?:could not find the requested resource|does not allow this method on the requested resource|is currently unable to handle the request)/,
  /^(?:Unauthorized|Too many requests, please try again later\.|storage is \(re\)initializing|etcdserver: [a-z ]+)$/,
  /^the API server returned \d+ for [A-Z]+ [\w./-]+/,
];

/** Go errors for a webhook that cannot be called. */
const CALL_FAULT =
  /context deadline exceeded|connection refused|no such host|x509: [a-z ]+|service "[\w-]+" not found|no endpoints available for service "[\w-]+"|tls: [a-z ]+|EOF/;

/** What of a request tells whether it is about Secrets. */
export interface AboutRequest {
  readonly path: string;
  /** Whether the object holds values of Secrets, although it is of another kind. */
  readonly confidential?: boolean | undefined;
}

/** Returns whether a request is about Secrets, so that its response may quote their values. */
export function isAboutSecrets({ path, confidential = false }: AboutRequest): boolean {
  if (confidential) return true;
  return /^\/api\/v1\/(?:namespaces\/[^/]+\/)?secrets(?:[/?]|$)/.test(path);
}

/**
 * Rebuilds a rejected request's status for a Secret without text that may quote its values, as the API server, webhooks and
 * policies do. Only known-safe parts are kept: status codes, names, fields, and messages that contain nothing else.
 */
export function withoutSecretValues(status: KubeStatus, statusCode: number, request: CompletedRequest): KubeStatus {
  const keys = request.confidential ? undefined : keysOf(request.body);
  const causes = status.details?.causes?.map((cause) => guardCause(cause, keys));
  const reason = /^[A-Za-z]{1,64}$/.test(status.reason ?? "") ? status.reason : undefined;
  const { kind, retryAfterSeconds } = status.details ?? {};
  return {
    code: statusCode,
    ...(reason === undefined ? {} : { reason }),
    message: guardMessage(status, statusCode, request, keys, causes ?? []),
    details: {
      ...(kind !== undefined && /^[\w.]{1,100}$/.test(kind) ? { kind } : {}),
      ...(typeof retryAfterSeconds === "number" ? { retryAfterSeconds } : {}),
      ...(causes === undefined ? {} : { causes }),
    },
  };
}

/** Replaces the text of warnings about a Secret. */
export function withoutSecretWarnings(warnings: readonly string[], path: string): readonly string[] {
  return warnings.length === 0 ? [] : [`${subject(path)}: the API server returned a warning; ${NOT_SHOWN}`];
}

/** Keys of a Secret that may be shown. For objects of other kinds, undefined: their fields are named by their kind. */
type KnownKeys = ReadonlySet<string> | undefined;

type Cause = NonNullable<NonNullable<KubeStatus["details"]>["causes"]>[number];

function guardMessage(
  { message = "" }: KubeStatus,
  statusCode: number,
  { method, path }: CompletedRequest,
  keys: KnownKeys,
  causes: readonly Cause[],
): string {
  const schema = typedErrors(message);
  if (schema !== undefined) {
    const lines = schema.map(({ path: field, fault }) => {
      const what =
        fault.kind === "type"
          ? `expected ${{ text: "string", number: "numeric", boolean: "boolean", list: "list", mapping: "map" }[fault.expected]}`
          : fault.kind === "unknown"
            ? "field not declared in schema"
            : "is invalid";
      // Of an object of another kind, an unknown field may have a value as its name.
      const known = keys === undefined && fault.kind === "unknown" ? "" : guardField(field, keys);
      return `\n  .${known.replace(/^\./, "") || "(a field that is not shown)"}: ${what}`;
    });
    return `failed to create typed patch object: errors:${[...new Set(lines)].join("")}`;
  }
  const known = KNOWN.map((pattern) => pattern.exec(message)?.[0]).find((text) => text !== undefined);
  if (known !== undefined) {
    if (known.length === message.length) return known;
    const fault = known.includes("failed calling webhook") ? CALL_FAULT.exec(message)?.[0] : undefined;
    return fault === undefined ? `${known}; ${NOT_SHOWN}` : `${known}: ${fault}`;
  }
  const conflict = /^Apply failed with \d+ conflicts?/.exec(message)?.[0];
  if (conflict !== undefined)
    return `${conflict}: ${causes.map((cause) => `${cause.message} at ${cause.field}`).join(", ")}`;
  if (causes.length > 0)
    return `${subject(path)} is invalid: ${causes.map((cause) => `${cause.field}: ${cause.message}`).join(", ")}`;
  return `the API server returned ${statusCode} for ${method} ${path}; ${NOT_SHOWN}`;
}

function guardCause({ reason = "", message = "", field = "" }: Cause, keys: KnownKeys): Cause {
  return {
    reason: /^[A-Za-z]{1,64}$/.test(reason) ? reason : "",
    field: guardField(field, keys),
    message: guardCauseMessage(reason, message),
  };
}

const CAUSES: Readonly<Record<string, string>> = {
  FieldValueRequired: "Required value",
  FieldValueInvalid: "Invalid value: is not valid",
  FieldValueTypeInvalid: "Invalid value: has the wrong type",
  FieldValueNotSupported: "Invalid value: is not supported",
  FieldValueForbidden: "Forbidden: must not be set",
  FieldValueDuplicate: "Invalid value: is a duplicate",
  NamespaceTerminating: "the namespace is being terminated",
};

function guardCauseMessage(reason: string, message: string): string {
  if (/^conflict with "[^"]{1,128}"(?: with subresource "\w+")?(?: using [\w./-]+)?(?: at [\w:-]+)?$/.test(message))
    return message;
  if (/field is immutable/.test(message)) return "Forbidden: field is immutable";
  if (/^Too long: may not be more than \d+ (?:bytes|characters)$/.test(message)) return message;
  return CAUSES[reason] ?? "Invalid value: is rejected";
}

/** Returns the field if it is known: with a missing colon in the document, part of a value may appear as a field name. */
function guardField(field: string, keys: KnownKeys): string {
  if (METADATA.test(field)) return field;
  if (keys === undefined) return FIELD.test(field) ? field : "";
  const [, map, key] = /^\.?(data|stringData)(?:[.[]([^\]]*)\]?)?$/.exec(field) ?? [];
  if (map === undefined) return "";
  return key !== undefined && keys.has(key) ? field : map;
}

function keysOf(body: unknown): ReadonlySet<string> {
  const maps = isRecord(body) ? [body.data, body.stringData] : [];
  const written = maps.flatMap((map) => (isRecord(map) ? Object.keys(map) : []));
  return new Set([...REQUIRED_KEYS, ...written.filter((key) => KEY.test(key))]);
}

function subject(path: string): string {
  const name = nameIn(path);
  return name === "" ? "the object" : `Secret ${name}`;
}

function nameIn(path: string): string {
  const [, namespace = "", name = ""] = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/?([^/?]*)/.exec(path) ?? [];
  return name === "" ? namespace : `${namespace}/${decodeURIComponent(name)}`;
}
