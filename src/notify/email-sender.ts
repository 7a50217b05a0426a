import { isIP } from "node:net";
import { createTransport } from "nodemailer";
import type { ProviderSettings } from "../api/notify-providers.js";
import { OverseerError } from "../base/errors.js";
import { escapeHtml, type Message, plainText } from "./message.js";
import type { SecretValues } from "./provider.js";
import type { Reach } from "./reach.js";

/** Time to connect, and for each answer of the server, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** Sends a message as e-mail. Throws an OverseerError without credentials. The connection is always encrypted. */
export async function sendEmail(
  settings: ProviderSettings<"email">,
  secret: SecretValues,
  message: Message,
  reach: Reach,
): Promise<void> {
  const { host, port, tls, from, to } = settings;
  const address = await addressOf(host, port, reach);
  const { username, password = "" } = secret;
  const transport = createTransport({
    host: address,
    port,
    secure: tls === "Implicit",
    requireTLS: true,
    tls: { ...(isIP(host) ? {} : { servername: host }), ...(secret["ca.crt"] ? { ca: secret["ca.crt"] } : {}) },
    ...(username === undefined ? {} : { auth: { user: username.trim(), pass: password.trim() } }),
    ...{ connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  const domain = from.slice(from.lastIndexOf("@") + 1);
  try {
    await transport.sendMail({
      ...{ from, to, subject: oneLine(message.title), text: plainText(message), html: htmlOf(message) },
      messageId: `<${message.key}@${domain}>`,
      ...(message.endsKey === undefined ? {} : { inReplyTo: `<${message.endsKey}@${domain}>` }),
      date: new Date(message.time),
      headers: { "Auto-Submitted": "auto-generated" },
    });
  } catch (error) {
    throw failureOf(error, `${host}:${port}`);
  } finally {
    transport.close();
  }
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
  return new OverseerError(`the SMTP server ${server} of the channel did not accept the message: ${code}${response}`, {
    ...{ code: "NOTIFY_FAILED", reason: "DeliveryFailed", class: "retryable" },
  });
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
