import { isIP } from "node:net";
import { createTransport } from "nodemailer";
import type { ProviderSettings } from "../api/notify-providers.js";
import { unlessAborted } from "../base/abort.js";
import { systemClock } from "../base/clock.js";
import { withDeadline } from "../base/deadline.js";
import { OverseerError } from "../base/errors.js";
import { escapeHtml, type Message, plainText } from "./message.js";
import type { SecretValues } from "./provider.js";
import type { Reach } from "./reach.js";

/** Time to connect, and for each answer of the server, in milliseconds. */
const TIMEOUT_MS = 10_000;
/** Time that a server has to close its side of the connection, in milliseconds. */
const CLOSE_MS = 1_000;
/** Time for the whole message, in milliseconds: a server that sends a byte now and then never exceeds the time for one answer. */
const TOTAL_MS = 30_000;

/** How long a message may take, and what ends it early. */
export interface EmailLimits {
  readonly signal: AbortSignal;
  /** Milliseconds; defaults to 30 s. */
  readonly totalMs?: number;
}

/** Sends a message as e-mail. Throws an OverseerError without credentials. The connection is always encrypted. */
export async function sendEmail(
  settings: ProviderSettings<"email">,
  secret: SecretValues,
  message: Message,
  reach: Reach,
  { signal, totalMs = TOTAL_MS }: EmailLimits,
): Promise<void> {
  const server = `${settings.host}:${settings.port}`;
  const expired = () =>
    failed(`the SMTP server ${server} of the channel did not accept the message within ${totalMs / 1000} s`);
  try {
    await withDeadline({ ms: totalMs, expired, clock: systemClock, signal }, async (end) => {
      const address = await unlessAborted(addressOf(settings.host, settings.port, reach), end);
      const transport = transportTo(address, settings, secret);
      try {
        // The signal closes the connection; a server that keeps it open is not waited for.
        await unlessAborted(transport.sendMail({ ...mailOf(settings, message), signal: end }), end);
      } finally {
        transport.close();
      }
    });
  } catch (error) {
    throw error instanceof OverseerError ? error : failureOf(error, server);
  }
}

function transportTo(address: string, { host, port, tls }: ProviderSettings<"email">, secret: SecretValues) {
  const { username, password = "" } = secret;
  return createTransport({
    host: address,
    port,
    secure: tls === "Implicit",
    requireTLS: true,
    tls: { ...(isIP(host) ? {} : { servername: host }), ...(secret["ca.crt"] ? { ca: secret["ca.crt"] } : {}) },
    ...(username === undefined ? {} : { auth: { user: username.trim(), pass: password.trim() } }),
    ...{ connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS },
    socketCloseTimeout: CLOSE_MS,
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
}

function mailOf({ from, to }: ProviderSettings<"email">, message: Message) {
  const domain = from.slice(from.lastIndexOf("@") + 1);
  return {
    ...{ from, to, subject: oneLine(message.title), text: plainText(message), html: htmlOf(message) },
    messageId: `<${message.key}@${domain}>`,
    ...(message.endsKey === undefined ? {} : { inReplyTo: `<${message.endsKey}@${domain}>` }),
    date: new Date(message.time),
    headers: { "Auto-Submitted": "auto-generated" },
  };
}

/** Resolves the server and checks its address. The address is connected to, so that the name cannot change in between. */
function addressOf(host: string, port: number, reach: Reach): Promise<string> {
  reach.check(host, port);
  if (isIP(host)) return Promise.resolve(host);
  return new Promise((resolve, reject) => {
    reach.lookup(port)(host, {}, (error, address) => {
      if (error === null && typeof address === "string") resolve(address);
      else reject(error instanceof OverseerError ? error : failureOf(error, `${host}:${port}`));
    });
  });
}

/** Returns the failure without the answer of the server, which may repeat what was sent. */
function failureOf(error: unknown, server: string): OverseerError {
  const facts = error as { code?: unknown; responseCode?: unknown } | null;
  const code = typeof facts?.code === "string" ? facts.code : "no response";
  const response = typeof facts?.responseCode === "number" ? `, SMTP status ${facts.responseCode}` : "";
  return failed(`the SMTP server ${server} of the channel did not accept the message: ${code}${response}`);
}

function failed(message: string): OverseerError {
  return new OverseerError(message, { code: "NOTIFY_FAILED", reason: "DeliveryFailed", class: "retryable" });
}

function htmlOf({ title, lines, fields, url }: Message): string {
  const text = lines.map((line) => `<p>${escapeHtml(line)}</p>`).join("");
  const rows = fields.map(
    ({ name, value }) => `<tr><th align="left">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  const heading = url === undefined ? escapeHtml(title) : `<a href="${escapeHtml(url)}">${escapeHtml(title)}</a>`;
  return `<h2>${heading}</h2>${text}${rows.length === 0 ? "" : `<table>${rows.join("")}</table>`}`;
}

/** A line break in a title would begin another header. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}
