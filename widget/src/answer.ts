// An answer as it grows. After a reconnect the server repeats it from its first token; what the reader already has must
// stay put and go on where it stopped, and only an answer that differs may replace it.

export interface Page {
  append(text: string): void;
  replace(text: string): void;
}

export class Answer {
  private readonly page: Page;
  private shown = '';
  /** What the present connection has sent while it repeats `shown`; `null` once it is past that. */
  private repeated: string | null = null;

  constructor(page: Page) {
    this.page = page;
  }

  /** The next token is the answer's first one again. */
  restart(): void {
    this.repeated = '';
  }

  push(token: string): void {
    if (this.repeated === null) {
      this.append(token);
      return;
    }
    this.repeated += token;
    if (this.repeated.length < this.shown.length) return;
    this.catchUp(this.repeated);
    this.repeated = null;
  }

  /** The whole answer, as the server stored it. */
  finish(message: string): void {
    this.catchUp(message);
  }

  private catchUp(text: string): void {
    if (text.startsWith(this.shown)) {
      this.append(text.slice(this.shown.length));
      return;
    }
    this.shown = text;
    this.page.replace(text);
  }

  private append(text: string): void {
    this.shown += text;
    if (text) this.page.append(text);
  }
}
