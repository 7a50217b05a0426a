import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { basename } from "node:path";

/** Type of the payload of a DSSE envelope that holds an in-toto statement. */
const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE = "https://slsa.dev/provenance/v1";
const BUILD_TYPE = "https://gitops.overseer.io/release-build/v1";

/** A file of a release. */
export interface Artifact {
  readonly name: string;
  readonly bytes: Buffer;
}

/** What the artifacts were built from, and by whom. */
export interface BuildFacts {
  readonly version: string;
  readonly commit: string;
  /** URI of the repository. */
  readonly repository: string;
  /** URI that identifies who has built. */
  readonly builder: string;
  /** Content of package-lock.json. */
  readonly lockFile: Buffer;
}

/** A statement about artifacts: their digests, and how they were built (SLSA provenance, version 1). Equal builds give equal statements. */
export function provenanceOf(artifacts: readonly Artifact[], facts: BuildFacts): Readonly<Record<string, unknown>> {
  const { version, commit, repository, builder, lockFile } = facts;
  return {
    _type: STATEMENT_TYPE,
    subject: artifacts.map(({ name, bytes }) => ({ name: basename(name), digest: { sha256: sha256(bytes) } })),
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { version },
        resolvedDependencies: [
          { uri: `git+${repository}`, digest: { gitCommit: commit } },
          { name: "package-lock.json", digest: { sha256: sha256(lockFile) } },
        ],
      },
      runDetails: { builder: { id: builder } },
    },
  };
}

/** Signs a statement: a DSSE envelope, as cosign and slsa-verifier read it. The key is of ECDSA P-256 or Ed25519. */
export function signStatement(statement: unknown, key: KeyObject): Readonly<Record<string, unknown>> {
  const payload = Buffer.from(JSON.stringify(statement));
  const sig = signBytes(preAuthenticated(payload), key).toString("base64");
  return {
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString("base64"),
    signatures: [{ keyid: keyId(key), sig }],
  };
}

/** Signs a file as `cosign sign-blob --key` does: base64 of the signature, over SHA-256 with ECDSA. */
export function signBlob(bytes: Buffer, key: KeyObject): string {
  return signBytes(bytes, key).toString("base64");
}

/** Returns the statement of an envelope. Throws an Error if no signature is by this key. */
export function verifyEnvelope(text: string, publicKey: KeyObject): Readonly<Record<string, unknown>> {
  const envelope = JSON.parse(text) as {
    readonly payloadType: string;
    readonly payload: string;
    readonly signatures: readonly { readonly sig: string }[];
  };
  const payload = Buffer.from(envelope.payload, "base64");
  const signed = preAuthenticated(payload, envelope.payloadType);
  const isSigned = envelope.signatures.some(({ sig }) =>
    verify(algorithmOf(publicKey), signed, publicKey, Buffer.from(sig, "base64")),
  );
  if (!isSigned) throw new Error("the provenance is not signed by this key");
  return JSON.parse(payload.toString("utf8")) as Record<string, unknown>;
}

/** Returns the names of artifacts whose digest is not in a statement. */
export function notCovered(statement: Readonly<Record<string, unknown>>, artifacts: readonly Artifact[]): string[] {
  const subjects = statement.subject as readonly { name: string; digest: { sha256: string } }[];
  const isCovered = ({ name, bytes }: Artifact): boolean =>
    subjects.some((subject) => subject.name === basename(name) && subject.digest.sha256 === sha256(bytes));
  return artifacts.filter((artifact) => !isCovered(artifact)).map(({ name }) => name);
}

/** Bytes that DSSE signs: type and payload with their lengths. */
function preAuthenticated(payload: Buffer, type = PAYLOAD_TYPE): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
}

function signBytes(bytes: Buffer, key: KeyObject): Buffer {
  return sign(algorithmOf(key), bytes, key);
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | null {
  if (asymmetricKeyType === "ed25519") return null;
  if (asymmetricKeyType === "ec" && asymmetricKeyDetails?.namedCurve === "prime256v1") return "sha256";
  throw new Error("the key must be of ECDSA P-256 or Ed25519: openssl genpkey -algorithm ed25519 -out release.key");
}

function keyId(key: KeyObject): string {
  return sha256(createPublicKey(key).export({ type: "spki", format: "der" }) as Buffer);
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
