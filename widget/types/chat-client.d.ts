// The types of the client module, `chat-client.js`: a conversation without any user interface.

export type Rating = 'up' | 'down' | null;

export interface ChatOptions {
  /** Where messages are posted, such as `https://chat.example.com/chat`. */
  readonly apiUrl: string;
  /** `WIDGET_API_KEY` of the server. */
  readonly apiKey: string;
  /** Whose conversation it is: a version 4 UUID, to be kept secret. A new one if absent. */
  readonly sessionId?: string;
}

export interface SendOptions {
  /** The message's id; sending the same id and text again attaches to its answer. A new one if absent. */
  readonly messageId?: string;
  /** Gives up listening. The answer goes on at the server; use `stop` to end it there. */
  readonly signal?: AbortSignal;
}

/** A step of an answer. */
export interface Progress {
  /** The answer so far, Markdown. */
  readonly text: string;
  /** What this step has added to it; all of it if another answer has taken the place of the one before. */
  readonly added: string;
  /** Whether the answer is whole, which is said once, last. */
  readonly done: boolean;
  /** Whether the answer was stopped. */
  readonly stopped: boolean;
}

/** An answer as it comes. Dropped connections are mended under way: no text comes twice. */
export interface Answer extends AsyncIterable<Progress> {
  readonly messageId: string;
  /** Ends the answer at the server; what there is of it stays, and the iteration ends with it. */
  stop(): Promise<void>;
}

export interface StoredMessage {
  readonly messageId: string;
  readonly role: 'user' | 'assistant';
  readonly content: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly status: 'complete' | 'stopped' | 'failed';
  readonly rating?: Rating;
}

export interface ChatHistory {
  /** The newest 200, oldest first. */
  readonly messages: readonly StoredMessage[];
  /** The message that is being answered; `attach` to it. */
  readonly running: { readonly messageId: string } | null;
}

/** Why there is no answer. */
export interface ChatError extends Error {
  /** The HTTP status; `failed`: the server could not answer; `cut`: the server is out of reach. */
  readonly status: number | 'failed' | 'cut';
  /** The server's stable name of the error, if it refused. */
  readonly code?: string;
  /** Seconds to wait before trying again; 0 if not said. */
  readonly retryAfter: number;
}

export interface ChatClient {
  readonly sessionId: string;
  /** Sends a message. The iteration throws a `ChatError` when it gets no answer. */
  send(text: string, options?: SendOptions): Answer;
  /** The answer to a message that was sent before, from its first token. */
  attach(messageId: string, text: string, signal?: AbortSignal): Answer;
  stop(messageId: string): Promise<void>;
  rate(messageId: string, rating: Rating): Promise<void>;
  history(): Promise<ChatHistory>;
}

export function createChatClient(options: ChatOptions): ChatClient;
