/**
 * Returns how many times as many characters `work` looks at for eight times the size: about 8 if it is linear, 64 if it is quadratic.
 * Counted, since times depend on what else the machine does.
 */
export function growth(size: number, work: (size: number) => void): number {
  return charactersRead(() => work(8 * size)) / charactersRead(() => work(size));
}

/** Between linear and quadratic growth. */
export const LINEAR = 16;

/** Counts the calls of `charCodeAt`, by which texts are parsed and lines are counted. */
function charactersRead(work: () => void): number {
  const original = String.prototype.charCodeAt;
  let count = 0;
  String.prototype.charCodeAt = function (index) {
    count++;
    return original.call(this, index);
  };
  try {
    work();
  } finally {
    String.prototype.charCodeAt = original;
  }
  return count;
}
