import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import type { Socket } from "node:net";
import type { HttpProxy } from "../../base/proxy.js";
import { socks5Tunnel } from "./socks5.js";

/**
 * Opens a connection to `host:port` through a proxy: by CONNECT, or by SOCKS5, where the proxy resolves the name. Fails with
 * `GIT_UNREACHABLE` if a SOCKS proxy refuses, with an error that names the status if an HTTP proxy does, and with the errors of sockets.
 */
export function openTunnel(proxy: HttpProxy, host: string, port: number, timeoutMs: number): Promise<Socket> {
  return proxy.url.startsWith("socks5:")
    ? socks5Tunnel(proxy, host, port, timeoutMs)
    : connectTunnel(proxy, host, port, timeoutMs);
}

async function connectTunnel(proxy: HttpProxy, host: string, port: number, timeoutMs: number): Promise<Socket> {
  const { protocol, hostname, port: proxyPort } = new URL(proxy.url);
  const { credential } = proxy;
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const start = protocol === "https:" ? overHttps : overHttp;
  const request: ClientRequest = start({
    ...{
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(proxyPort),
      method: "CONNECT",
      path: target,
      agent: false,
    },
    headers: { Host: target, ...(credential === undefined ? {} : { "Proxy-Authorization": basic(credential) }) },
  });
  const late = Object.assign(new Error("the proxy does not respond"), { code: "ETIMEDOUT" });
  const timer = setTimeout(() => request.destroy(late), timeoutMs);
  try {
    const opened = once(request, "connect");
    const refused = once(request, "response");
    refused.catch(() => {});
    opened.catch(() => {});
    request.end();
    const [response, socket, head] = (await Promise.race([opened, refused])) as [IncomingMessage, Socket?, Buffer?];
    if (socket === undefined || response.statusCode !== 200) {
      socket?.destroy();
      request.destroy();
      throw new Error(`Proxy response (${response.statusCode})`);
    }
    if (head !== undefined && head.length > 0) socket.unshift(head);
    return socket;
  } finally {
    clearTimeout(timer);
    request.on("error", () => {});
  }
}

function basic({ username, password }: NonNullable<HttpProxy["credential"]>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
