// What the server takes for a message: 1 to 4000 Unicode scalar values, not only white space, no NUL.

export const MAX_CHARACTERS = 4000;

/** `typed` as it is sent: without white space around it, as the server knows it (JavaScript leaves U+0085), and without what no server can store (NUL, halves of surrogate pairs). */
export function sendable(typed: string): string {
  return typed.replace(/[\ud800-\udfff\0]/gu, '\ufffd').replace(/^[\s\u0085]+|[\s\u0085]+$/g, '');
}

/** The length of `text` in Unicode scalar values, as the server counts. */
export function characters(text: string): number {
  return [...text].length;
}
