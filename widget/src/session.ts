// Who this visitor is to the server: a random id kept in local storage, under the key the upstream widget used, so that a
// visitor's conversation survives the move. It is the only credential to the conversation, hence a version 4 UUID.

import type { Store } from './storage';
import { uuid } from './uuid';

export const SESSION_KEY = 'os-chatbot-session-id';

/** What the server accepts as a session id. */
const SESSION_ID = /^[\w.:-]{1,128}$/;

/** The id kept in the store, or `null` if none is usable. */
export function storedSession(store: Store): string | null {
  const kept = store.get(SESSION_KEY);
  return kept !== null && SESSION_ID.test(kept) ? kept : null;
}

export function newSession(store: Store): string {
  const id = uuid();
  keepSession(store, id);
  return id;
}

export function keepSession(store: Store, id: string): void {
  store.set(SESSION_KEY, id);
}
