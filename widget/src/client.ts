// The client module: the widget's way of talking to the server, for front ends of one's own. Runs in browsers and in Node.

import type {
  Answer,
  ChatClient,
  ChatError,
  ChatHistory,
  ChatOptions,
  Progress,
  SendOptions,
} from '../types/chat-client';
import { deliver } from './delivery';
import { type Outcome, secondsToWait } from './transport';
import { uuid } from './uuid';
import { visit } from './visitor';

export function createChatClient(options: ChatOptions): ChatClient {
  const { apiUrl, apiKey, sessionId = uuid() } = options;
  const server = { apiUrl, apiKey };

  const call = async (path?: string, body?: object): Promise<Response> => {
    try {
      return await visit(server, sessionId, path, body);
    } catch (refusal) {
      throw await chatError(
        refusal instanceof Response ? { status: refusal.status, response: refusal } : { status: 'cut' },
      );
    }
  };
  const stop = async (messageId: string) => void (await call(`/${messageId}/stop`, {}));

  const send = (text: string, { messageId = uuid(), signal }: SendOptions = {}): Answer => ({
    messageId,
    stop: () => stop(messageId),
    [Symbol.asyncIterator]: () => listen(server, { sessionId, message: text, messageId }, signal),
  });

  return {
    sessionId,
    send,
    attach: (messageId, text, signal) => send(text, signal ? { messageId, signal } : { messageId }),
    stop,
    rate: async (messageId, rating) => void (await call(`/${messageId}/rating`, { rating })),
    history: async () => (await call()).json() as Promise<ChatHistory>,
  };
}

/** Delivers the message and yields its answer; leaving the iteration early gives up listening. */
async function* listen(
  server: Parameters<typeof deliver>[0],
  message: Parameters<typeof deliver>[1],
  signal?: AbortSignal,
): AsyncGenerator<Progress, void> {
  const left = new AbortController();
  const leave = () => left.abort();
  if (signal?.aborted) leave();
  signal?.addEventListener('abort', leave);
  let received = '';
  let shown = '';
  let outcome: Outcome | undefined;
  let wake = () => {};
  const news = (text: string) => {
    received = text;
    wake();
  };
  void deliver(server, message, { received: news, waiting() {} }, left.signal).then((end) => {
    outcome = end;
    wake();
  });
  try {
    for (;;) {
      // While the server repeats what is known there is nothing to tell.
      if (!shown.startsWith(received)) {
        const added = received.startsWith(shown) ? received.slice(shown.length) : received;
        shown = received;
        yield { text: shown, added, done: false, stopped: false };
      } else if (outcome) break;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    if (signal?.aborted) throw signal.reason;
    if (outcome.status !== 'done') throw await chatError(outcome);
    const { text = '', stopped = false } = outcome;
    yield { text, added: text.startsWith(shown) ? text.slice(shown.length) : text, done: true, stopped };
  } finally {
    signal?.removeEventListener('abort', leave);
    leave();
  }
}

async function chatError(outcome: Outcome): Promise<ChatError> {
  const { status, text, response } = outcome;
  const said = await response?.json().catch(() => null);
  const words =
    text ?? said?.error ?? (status === 'cut' ? 'The server is out of reach' : `Refused with ${status}`);
  return Object.assign(new Error(words), {
    name: 'ChatError',
    status: status as ChatError['status'],
    ...(said?.code && { code: said.code }),
    retryAfter: secondsToWait(outcome),
  });
}
