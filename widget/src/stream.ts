// Reads the answer's NDJSON: bytes to lines to events. Chunks may end anywhere, in the middle of a character too.

export type StreamEvent =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'done'; readonly message: string }
  | { readonly type: 'error'; readonly error: string };

export class NdjsonReader {
  private readonly decoder = new TextDecoder();
  private rest = '';

  /** The events that `bytes` completes. */
  push(bytes: Uint8Array): StreamEvent[] {
    return this.events(this.decoder.decode(bytes, { stream: true }));
  }

  /** The event of a last line without a line feed, if it is whole. */
  end(): StreamEvent[] {
    return this.events(`${this.decoder.decode()}\n`);
  }

  private events(text: string): StreamEvent[] {
    const lines = text.split('\n');
    lines[0] = this.rest + lines[0];
    this.rest = lines.pop() as string;
    return lines.flatMap(parseLine);
  }
}

/** Keep-alives, broken lines and types of a later version yield nothing: `done` carries the whole answer anyway. */
function parseLine(line: string): StreamEvent[] {
  try {
    const event = JSON.parse(line);
    const known =
      (event.type === 'token' && typeof event.token === 'string') ||
      (event.type === 'done' && typeof event.message === 'string') ||
      (event.type === 'error' && typeof event.error === 'string');
    return known ? [event] : [];
  } catch {
    return [];
  }
}
