// What the parts of the view ask of the whole.

import type { Config } from '../config';
import type { Conversation } from '../conversation';

export interface Chat extends Config {
  /** The present one. */
  conversation(): Conversation;
  /** Sends what can be sent of `typed`, and tells whether that was anything. */
  send(typed: string): boolean;
  announce(words: string): void;
  startAnew(): void;
  close(): void;
  isSheet(): boolean;
}
