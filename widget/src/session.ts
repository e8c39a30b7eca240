// Who this visitor is to the server: a random id kept in local storage, under the key the upstream widget used, so that a
// visitor's conversation survives the move. It is the only credential to the conversation, hence a version 4 UUID.

import type { Store } from './storage';
import { uuid } from './uuid';

export const SESSION_KEY = 'os-chatbot-session-id';

/** The id kept in the store, or `null` if none is one that the server accepts. */
export function storedSession(store: Store): string | null {
  return store.get(SESSION_KEY)?.match(/^[\w.:-]{1,128}$/)?.[0] ?? null;
}

export function newSession(store: Store): string {
  const id = uuid();
  store.set(SESSION_KEY, id);
  return id;
}
