/** Version of the Core and its agent: that of the product, as a test makes sure. */
export const CORE_VERSION = "0.1.0";
