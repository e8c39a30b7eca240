// The routes of the visitor's own session: what was said, stop, rating. They are open only to sessions whose id cannot be
// guessed; every other session does without.

import type { Server } from './config';
import { ask } from './transport';

export type Rating = 'up' | 'down' | null;

/** A message as the server has it. */
export interface Stored {
  /** Of a question its id, of an answer that of its question. */
  readonly messageId: string;
  readonly role: 'user' | 'assistant';
  readonly content: string;
  readonly createdAt: number;
  readonly status: 'complete' | 'stopped' | 'failed';
  readonly rating?: Rating;
}

/** What was said, the newest 200 messages. */
export interface History {
  readonly messages: readonly Stored[];
  readonly running: { readonly messageId: string } | null;
}

/** Whether `sessionId` is a version 4 UUID, as the server demands. */
export function isPrivate(sessionId: string): boolean {
  return /^.{14}4.{21}$/.test(sessionId);
}

/**
 * A request to a session's messages, or to the `path` below them: `/{messageId}/stop`, `/{messageId}/rating`. Rejects if
 * the server is out of reach, and with the response if it refuses.
 */
export async function visit(server: Server, sessionId: string, path = '', body?: object): Promise<Response> {
  // The server's address is where messages are posted, without the route.
  const base = server.apiUrl.replace(/(\/v1)?\/chat(\/stream)?\/?$/, '');
  const response = await ask(server, `${base}/v1/sessions/${sessionId}/messages${path}`, body);
  if (!response.ok) throw response;
  return response;
}
