import { connect as connectTcp, type Socket } from "node:net";
import { buildConnector, DecoratorHandler, type Dispatcher, Pool } from "undici";
import { openGate, type WriteGate } from "../../base/write-gate.js";

const TCP = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** A pool of connections. */
export interface Connections {
  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>;
  /** Closes all connections and fails their requests. */
  destroy(): Promise<void>;
}

/** TLS settings and timeout of new connections, as undici takes them. */
type ConnectOptions = buildConnector.BuildOptions & { readonly timeout: number };

/** Options of a fenced pool: those of undici's pool, without a custom connector. */
export type FencedPoolOptions = Omit<Pool.Options, "connect"> & { readonly connect: ConnectOptions };

/**
 * Creates a connection pool whose writes must pass a gate. The gate is checked when a request is written to a connection, not
 * when it is queued. When the gate closes, all connections are reset, which discards unsent data where possible: closing
 * them normally would still deliver it.
 */
export function fencedPool(origin: string, options: FencedPoolOptions, gate: WriteGate): Connections {
  if (gate === openGate) return new Pool(origin, options);
  const sockets = new Set<Socket>();
  const pool = new Pool(origin, { ...options, connect: trackingConnector(options.connect, sockets) });
  const fenced = pool.compose((dispatch) => (request, handler) => dispatch(request, new GatedHandler(handler, gate)));
  const unsubscribe = gate.onClosed((error) => {
    for (const socket of sockets) socket.resetAndDestroy();
    void pool.destroy(error);
  });
  const write = async (request: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> => {
    gate.check();
    try {
      return await fenced.request(request);
    } catch (error) {
      // Report why the request was aborted, not that its connection was reset.
      gate.check();
      throw error;
    }
  };
  return {
    request: (request) => (isRead(request) ? pool.request(request) : write(request)),
    destroy: () => {
      unsubscribe();
      return pool.destroy();
    },
  };
}

function isRead({ method }: Dispatcher.RequestOptions): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** undici calls `onRequestStart` right before it writes a request; an error thrown there fails the request unsent. */
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

/** Connects as undici does, but tracks the TCP sockets: a TLS connection can only be reset through its TCP socket. */
function trackingConnector(options: ConnectOptions, sockets: Set<Socket>): buildConnector.connector {
  const secure = buildConnector(options);
  return (target, callback) => {
    const tls = target.protocol === "https:";
    const socket = connectTcp({ host: target.hostname, port: Number(target.port || (tls ? 443 : 80)), ...TCP });
    const failed = (error: Error): void => callback(error, null);
    const timedOut = (): void => void socket.destroy(new Error(`no connection within ${options.timeout} ms`));
    sockets.add(socket);
    socket
      .setTimeout(options.timeout, timedOut)
      .on("close", () => sockets.delete(socket))
      // TLS reports errors of the socket below it.
      .on("error", () => {})
      .once("error", failed)
      .once("connect", () => {
        socket.off("error", failed).off("timeout", timedOut).setTimeout(0);
        if (tls) secure({ ...target, httpSocket: socket }, callback);
        else callback(null, socket);
      });
  };
}
