import { reservePort } from "../../tools/ports.js";

/**
 * A port of 127.0.0.1 for a server that stops listening and listens again: unlike a port that the kernel gives, no outgoing
 * connection of another process gets it meanwhile. Reserved until this process ends.
 */
export async function ownPort(): Promise<number> {
  return (await reservePort()).port;
}
