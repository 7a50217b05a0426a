/** Limits of what is kept of remote clusters, in estimated bytes. */
export interface RemoteMemoryLimits {
  /** Of one connection to a cluster. */
  readonly cluster: number;
  /** Of all connections that the apps of one namespace use. */
  readonly namespace: number;
  /** Of all connections. */
  readonly total: number;
}

/** What one connection uses. */
export interface MemoryUse {
  /** Bytes of live state. */
  readonly kept: number;
  /** Bytes of live state and of incomplete responses. */
  readonly total: number;
  /** Namespaces of the apps that use the connection. */
  readonly namespaces: ReadonlySet<string>;
}

/** A connection that must be closed, and the exceeded limit. */
export interface MemoryExcess<T> {
  readonly connection: T;
  readonly limit: keyof RemoteMemoryLimits;
}

/**
 * Returns which connection must be closed first; undefined if no limit is exceeded. Above the limit of a namespace, that is one that other
 * namespaces do not use, so that a tenant harms itself; above the total limit, one of the namespace with the most.
 */
export function memoryExcess<T extends MemoryUse>(
  connections: readonly T[],
  limits: RemoteMemoryLimits,
): MemoryExcess<T> | undefined {
  let total = 0;
  for (const connection of connections) {
    if (connection.kept > limits.cluster) return { connection, limit: "cluster" };
    total += connection.total;
  }
  // Most calls end here.
  if (total <= limits.namespace && total <= limits.total) return undefined;
  const most = largestNamespace(connections);
  const limit = (most?.bytes ?? 0) > limits.namespace ? "namespace" : total > limits.total ? "total" : undefined;
  const connection = most?.connections.sort(firstToClose)[0];
  return limit === undefined || connection === undefined ? undefined : { connection, limit };
}

interface NamespaceUse<T> {
  readonly connections: T[];
  bytes: number;
}

function largestNamespace<T extends MemoryUse>(connections: Iterable<T>): NamespaceUse<T> | undefined {
  const byNamespace = new Map<string, NamespaceUse<T>>();
  let most: NamespaceUse<T> | undefined;
  for (const connection of connections) {
    for (const namespace of connection.namespaces) {
      const entry = byNamespace.get(namespace) ?? { bytes: 0, connections: [] };
      entry.bytes += connection.total;
      entry.connections.push(connection);
      byNamespace.set(namespace, entry);
      if (entry.bytes > (most?.bytes ?? 0)) most = entry;
    }
  }
  return most;
}

function firstToClose(a: MemoryUse, b: MemoryUse): number {
  return a.namespaces.size - b.namespaces.size || b.total - a.total;
}
