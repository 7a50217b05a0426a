import { connect as connectTcp, type Socket } from "node:net";
import { buildConnector, DecoratorHandler, type Dispatcher, Pool } from "undici";
import { openGate, type WriteGate } from "../../base/write-gate.js";

const TCP = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** What a pool of connections is asked for. */
export interface Connections {
  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>;
  /** Ends all connections, and requests on them with an error. */
  destroy(): Promise<void>;
}

/** TLS and timeout of new connections, as undici takes them. */
type ConnectOptions = buildConnector.BuildOptions & { readonly timeout: number };

/** How a fenced pool is set up: what undici's pool takes, but for a connector of the caller's own. */
export type FencedPoolOptions = Omit<Pool.Options, "connect"> & { readonly connect: ConnectOptions };

/**
 * A pool of connections whose writes pass a gate. The gate is asked in the moment in which a request is put on a connection,
 * not when it is queued. When it closes, all connections are reset, so that what has left us but not arrived is taken
 * back as far as that can be done: a connection that is merely closed would deliver it later.
 */
export function fencedPool(origin: string, options: FencedPoolOptions, gate: WriteGate): Connections {
  if (gate === openGate) return new Pool(origin, options);
  const sockets = new Set<Socket>();
  const pool = new Pool(origin, { ...options, connect: trackingConnector(options.connect, sockets) });
  const fenced = pool.compose((dispatch) => (request, handler) => dispatch(request, new GatedHandler(handler, gate)));
  const forget = gate.onClosed((error) => {
    for (const socket of sockets) socket.resetAndDestroy();
    void pool.destroy(error);
  });
  const write = async (request: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> => {
    gate.check();
    try {
      return await fenced.request(request);
    } catch (error) {
      // What was broken off has to say why, not that its connection was reset.
      gate.check();
      throw error;
    }
  };
  return {
    request: (request) => (isRead(request) ? pool.request(request) : write(request)),
    destroy: () => {
      forget();
      return pool.destroy();
    },
  };
}

function isRead({ method }: Dispatcher.RequestOptions): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** undici calls `onRequestStart` right before it writes a request; an error from it is the request's, and nothing is sent. */
class GatedHandler extends DecoratorHandler {
  readonly #gate: WriteGate;

  constructor(handler: Dispatcher.DispatchHandler, gate: WriteGate) {
    super(handler);
    this.#gate = gate;
  }

  onRequestStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onRequestStart"]>>): void {
    this.#gate.check();
    (DecoratorHandler.prototype as Dispatcher.DispatchHandler).onRequestStart?.apply(this, args);
  }
}

/** Connects as undici does, but keeps hold of the TCP sockets: below TLS, nothing else can reset a connection. */
function trackingConnector(options: ConnectOptions, sockets: Set<Socket>): buildConnector.connector {
  const secure = buildConnector(options);
  return (target, callback) => {
    const tls = target.protocol === "https:";
    const socket = connectTcp({ host: target.hostname, port: Number(target.port || (tls ? 443 : 80)), ...TCP });
    const failed = (error: Error): void => callback(error, null);
    const late = (): void => void socket.destroy(new Error(`no connection within ${options.timeout} ms`));
    sockets.add(socket);
    socket
      .setTimeout(options.timeout, late)
      .on("close", () => sockets.delete(socket))
      // TLS reports what happens below it by itself.
      .on("error", () => {})
      .once("error", failed)
      .once("connect", () => {
        socket.off("error", failed).off("timeout", late).setTimeout(0);
        if (tls) secure({ ...target, httpSocket: socket }, callback);
        else callback(null, socket);
      });
  };
}
