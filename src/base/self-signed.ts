import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A certificate and its private key, both PEM. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
}

const ECDSA_SHA256 = oid("2a8648ce3d040302");
const COMMON_NAME = oid("550403");
const ALT_NAME = oid("551d11");
/** Starts a day earlier, since clocks of machines differ, and does not end: it lives as long as its process. */
const CLOCK_SKEW_MS = 24 * 3_600_000;
const NEVER = "99991231235959Z";

/**
 * Returns a self-signed certificate for a DNS name, with a new P-256 key. Clients that trust exactly this certificate know whom they talk
 * to. `now`: milliseconds since the epoch.
 */
export function selfSigned(name: string, now: number): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = der(0x30, ECDSA_SHA256);
  const subject = der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(name, "utf8")))));
  const altNames = der(0x30, der(0x82, Buffer.from(name, "ascii")));
  const content = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    subject,
    der(0x30, time(timeText(now - CLOCK_SKEW_MS)), time(NEVER)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(0x30, der(0x30, ALT_NAME, der(0x04, altNames)))),
  );
  const signature = sign("sha256", content, privateKey);
  const certificate = der(0x30, content, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: String(privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}

/** Encodes a value of ASN.1 by the distinguished encoding rules. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

/** A GeneralizedTime. */
function time(text: string): Buffer {
  return der(0x18, Buffer.from(text, "ascii"));
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
}
