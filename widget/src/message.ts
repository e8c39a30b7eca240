// What the server takes for a message: 1 to 4000 Unicode scalar values, not only white space, no NUL.

export const MAX_CHARACTERS = 4000;

/** `typed` as it is sent: trimmed, and without what no server can store (NUL, halves of surrogate pairs). */
export function sendable(typed: string): string {
  return typed.replace(/\p{Surrogate}|\0/gu, '\ufffd').trim();
}

/** The length of `text` in Unicode scalar values, as the server counts. */
export function characters(text: string): number {
  return [...text].length;
}
