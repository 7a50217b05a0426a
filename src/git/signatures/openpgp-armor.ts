const BEGIN = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END = "-----END PGP PUBLIC KEY BLOCK-----";

/** Packet tag of a public key (RFC 9580). */
const PUBLIC_KEY = 6;

/**
 * Returns the bytes of all armored public keys in a text, one after another, as `gpgv` reads a keyring. Otherwise returns what
 * is wrong, which completes a sentence that begins with the name of the text.
 */
export function readArmoredKeys(text: string): Buffer | string {
  const blocks = text.split(BEGIN).slice(1);
  if (blocks.length === 0) return "has an OpenPGP key without an end";
  const keys: Buffer[] = [];
  for (const block of blocks) {
    const end = block.indexOf(END);
    if (end < 0 || !/^\r?\n/.test(block)) return "has an OpenPGP key without an end";
    const body = block.slice(block.indexOf("\n") + 1, end);
    const lines = body.split(/\r?\n/).map((line) => line.trim());
    const blank = lines.indexOf("");
    const data = lines.slice(blank + 1).filter((line) => line !== "");
    const sum = data.at(-1)?.startsWith("=") === true ? data.pop() : undefined;
    if (!data.every((line) => /^[A-Za-z0-9+/]+={0,2}$/.test(line))) return "has an OpenPGP key that is not base64";
    const bytes = Buffer.from(data.join(""), "base64");
    if (sum !== undefined && sum !== `=${crc24(bytes)}`) return "has an OpenPGP key with a wrong checksum";
    if (packetTag(bytes) !== PUBLIC_KEY) return "has an OpenPGP block that is not a public key";
    keys.push(bytes);
  }
  return Buffer.concat(keys);
}

/** Returns the tag of the first packet, in either format of packet headers. */
function packetTag(bytes: Buffer): number | undefined {
  const first = bytes[0];
  if (first === undefined || (first & 0x80) === 0) return undefined;
  return (first & 0x40) === 0 ? (first >> 2) & 0x0f : first & 0x3f;
}

function crc24(bytes: Buffer): string {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1;
      if (crc & 0x1000000) crc ^= 0x1864cfb;
    }
  }
  const sum = Buffer.alloc(3);
  sum.writeUIntBE(crc & 0xffffff, 0, 3);
  return sum.toString("base64");
}
