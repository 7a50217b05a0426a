/** A resource that lists the namespaces from which it may be referred to. */
interface Shared {
  readonly metadata: { readonly namespace: string };
  readonly spec: { readonly allowedNamespaces?: readonly string[] | undefined };
}

/** Reports whether resources of a namespace may refer to a resource. Those of its own namespace always may. */
export function allowsNamespace({ metadata, spec }: Shared, namespace: string): boolean {
  const allowed = spec.allowedNamespaces ?? [];
  return metadata.namespace === namespace || allowed.includes(namespace) || allowed.includes("*");
}
