const free = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;
const strings = { type: "array", items: { type: "string" } } as const;
const map = { type: "object", additionalProperties: { type: "string" } } as const;

const schema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      "x-kubernetes-preserve-unknown-fields": true,
      properties: {
        free,
        embedded: { ...free, "x-kubernetes-embedded-resource": true },
        nullable: { type: "integer", nullable: true },
        solid: { type: "integer" },
        port: { "x-kubernetes-int-or-string": true },
        ratio: { type: "number" },
        labels: map,
        atomicMap: { ...map, "x-kubernetes-map-type": "atomic" },
        list: { ...strings, "x-kubernetes-list-type": "atomic" },
        set: { ...strings, "x-kubernetes-list-type": "set" },
        parts: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: {
            type: "object",
            required: ["name"],
            properties: { name: { type: "string" }, size: { type: "integer" } },
          },
        },
      },
    },
    status: free,
  },
} as const;

function definition(kind: string, plural: string, status: boolean) {
  const version = {
    name: "v1",
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
    ...(status ? { subresources: { status: {} } } : {}),
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.fields.example.com` },
    spec: { group: "fields.example.com", scope: "Namespaced", names: { kind, plural }, versions: [version] },
  };
}

/** Definitions with every shape that a schema can give to a field: Widget has a status subresource, Gadget has none. */
export const WIDGETS = [definition("Widget", "widgets", true), definition("Gadget", "gadgets", false)] as const;

/** A Widget document. */
export function widget(name: string, spec: string, kind = "Widget"): string {
  return `apiVersion: fields.example.com/v1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
}
