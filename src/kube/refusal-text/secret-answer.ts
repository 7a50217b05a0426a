import { isRecord } from "../../manifest/shape.js";
import type { KubeStatus } from "../errors.js";
import { typedErrors } from "./typed-errors.js";

/** What a request is, as far as its answer is about it. */
export interface CompletedRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** Why a text ends where it does. */
const NOT_SHOWN = "what it says is not shown, as it may quote a value of the Secret";

/** Keys that types of Secrets require, which the API server names although nobody wrote them. */
const REQUIRED_KEYS: readonly string[] = [
  "tls.crt",
  "tls.key",
  ".dockerconfigjson",
  ".dockercfg",
  "username",
  "password",
  "ssh-privatekey",
];

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const METADATA =
  /^\.?(?:apiVersion|kind|type|immutable|metadata(?:\.(?:name|namespace|labels|annotations|ownerReferences|finalizers|managedFields)(?:\[[\w./-]{1,317}\]|\.[\w./-]{1,317})?)?)$/;

/** Texts that hold names and numbers alone. What follows a match is not shown. */
const KNOWN: readonly RegExp[] = [
  /^secrets(?: "[\w.-]+")? is forbidden: User "[\w:.@-]+" cannot \w+ resource "secrets" in API group ""(?: in the namespace "[\w-]+"| at the cluster scope)?/,
  /^secrets(?: "[\w.-]+")? is forbidden: exceeded quota: [\w.-]+(?:, (?:requested|used|limited): [\w./-]+=\w+(?:,[\w./-]+=\w+)*){3}/,
  /^secrets(?: "[\w.-]+")? is forbidden: unable to create new content in namespace [\w-]+ because it is being terminated/,
  /^(?:secrets(?: "[\w.-]+")? is forbidden: )?(?:Validating|Mutating)AdmissionPolicy '[\w.-]+'(?: with binding '[\w.-]+')? denied request/,
  /^admission webhook "[\w.-]+" (?:denied the request|attempted to modify the object)/,
  /^Internal error occurred: failed calling webhook "[\w.-]+"/,
  /^(?:namespaces|secrets) "[\w.-]+" (?:not found|already exists)/,
  /^Operation cannot be fulfilled on secrets "[\w.-]+": the object has been modified; please apply your changes to the latest version and try again/,
  /^failed to convert new object \([\w./-]*; \/v1, Kind=Secret\) to proper version: unable to convert unstructured object to \/v1, Kind=Secret: error decoding from json: illegal base64 data/,
  /^(?:Request entity too large: limit is \d+|etcdserver: request is too large)/,
  /^the server (?:could not find the requested resource|does not allow this method on the requested resource|is currently unable to handle the request)/,
  /^(?:Unauthorized|Too many requests, please try again later\.|storage is \(re\)initializing|etcdserver: [a-z ]+)$/,
  /^the API server answered \d+ to [A-Z]+ [\w./-]+/,
];

/** Why a webhook could not be called, as Go says it. */
const CALL_FAULT =
  /context deadline exceeded|connection refused|no such host|x509: [a-z ]+|service "[\w-]+" not found|no endpoints available for service "[\w-]+"|tls: [a-z ]+|EOF/;

/** Whether a request is about Secrets, so that its answer may quote their values. */
export function isAboutSecrets(path: string): boolean {
  return /^\/api\/v1\/(?:namespaces\/[^/]+\/)?secrets(?:[/?]|$)/.test(path);
}

/**
 * A refusal of something about a Secret, without what may quote its values: the API server, webhooks and policies do that. It is
 * made anew of what is known to be none: statuses, names, fields, and texts that hold nothing else.
 */
export function withoutSecretValues(status: KubeStatus, statusCode: number, request: CompletedRequest): KubeStatus {
  const keys = keysOf(request.body);
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

/** Warnings about a Secret, without their text. */
export function withoutSecretWarnings(warnings: readonly string[], path: string): readonly string[] {
  return warnings.length === 0 ? [] : [`Secret ${nameIn(path)}: the API server has a warning about it; ${NOT_SHOWN}`];
}

type Cause = NonNullable<NonNullable<KubeStatus["details"]>["causes"]>[number];

function guardMessage(
  { message = "" }: KubeStatus,
  statusCode: number,
  { method, path }: CompletedRequest,
  keys: ReadonlySet<string>,
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
            : "is not as it has to be";
      return `\n  .${guardField(field, keys).replace(/^\./, "") || "(a field that is not shown)"}: ${what}`;
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
    return `${conflict}: ${causes.map(({ message: said, field }) => `${said} at ${field}`).join(", ")}`;
  if (causes.length > 0)
    return `Secret ${nameIn(path)} is invalid: ${causes.map(({ message: said, field }) => `${field}: ${said}`).join(", ")}`;
  return `the API server answered ${statusCode} to ${method} ${path}; ${NOT_SHOWN}`;
}

function guardCause({ reason = "", message = "", field = "" }: Cause, keys: ReadonlySet<string>): Cause {
  const said = { reason: /^[A-Za-z]{1,64}$/.test(reason) ? reason : "", field: guardField(field, keys) };
  return { ...said, message: guardCauseMessage(reason, message) };
}

const CAUSES: Readonly<Record<string, string>> = {
  FieldValueRequired: "Required value",
  FieldValueInvalid: "Invalid value: is not valid",
  FieldValueTypeInvalid: "Invalid value: is of another type than it has to be",
  FieldValueNotSupported: "Invalid value: is not supported",
  FieldValueForbidden: "Forbidden: may not be set",
  FieldValueDuplicate: "Invalid value: is there twice",
  NamespaceTerminating: "the namespace is being terminated",
};

function guardCauseMessage(reason: string, message: string): string {
  if (/^conflict with "[^"]{1,128}"(?: with subresource "\w+")?(?: using [\w./-]+)?(?: at [\w:-]+)?$/.test(message))
    return message;
  if (/field is immutable/.test(message)) return "Forbidden: field is immutable";
  if (/^Too long: may not be more than \d+ (?:bytes|characters)$/.test(message)) return message;
  return CAUSES[reason] ?? "Invalid value: is refused";
}

/** The field, if it is known to be one: what stands in a path may be a part of a value, with a colon forgotten. */
function guardField(field: string, keys: ReadonlySet<string>): string {
  if (METADATA.test(field)) return field;
  const [, map, key] = /^\.?(data|stringData)(?:[.[]([^\]]*)\]?)?$/.exec(field) ?? [];
  if (map === undefined) return "";
  return key !== undefined && keys.has(key) ? field : map;
}

function keysOf(body: unknown): ReadonlySet<string> {
  const maps = isRecord(body) ? [body.data, body.stringData] : [];
  const written = maps.flatMap((map) => (isRecord(map) ? Object.keys(map) : []));
  return new Set([...REQUIRED_KEYS, ...written.filter((key) => KEY.test(key))]);
}

function nameIn(path: string): string {
  const [, namespace = "", name = ""] = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/?([^/?]*)/.exec(path) ?? [];
  return name === "" ? namespace : `${namespace}/${decodeURIComponent(name)}`;
}
