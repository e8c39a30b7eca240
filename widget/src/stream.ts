// Reads the answer's NDJSON: bytes to lines to events. Chunks may end anywhere, in the middle of a character too.

export type StreamEvent =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'done'; readonly message: string; readonly stopped?: boolean }
  | { readonly type: 'error'; readonly error: string };

/** Gives the events that the bytes complete; without bytes that of a last line without a line feed, if it is whole. */
export function ndjsonReader(): (bytes?: Uint8Array) => StreamEvent[] {
  const decoder = new TextDecoder();
  let rest = '';
  return (bytes) => {
    rest += bytes ? decoder.decode(bytes, { stream: true }) : '\n';
    const lines = rest.split('\n');
    rest = lines.pop() as string;
    return lines.flatMap(parseLine);
  };
}

/** Keep-alives, broken lines and types of a later version yield nothing: `done` carries the whole answer anyway. */
function parseLine(line: string): StreamEvent[] {
  try {
    const event = JSON.parse(line);
    const name = { token: 'token', done: 'message', error: 'error' }[event.type as string];
    return typeof event[name as string] === 'string' ? [event] : [];
  } catch {
    return [];
  }
}
