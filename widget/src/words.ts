// What a failure is called. The visitor reads plain words without causes; the site's owner finds the cause and its remedy
// in the console.

import type { Config } from './config';
import type { Outcome } from './transport';

export interface Words {
  readonly visitor: string;
  /** For the console; empty when there is nothing the owner can do. */
  readonly owner: string;
}

const MISCONFIGURED = 'This chat is not set up correctly yet. Please reach us another way.';
const UNAVAILABLE = 'The chat is not available right now.';
const UNREACHABLE = "Couldn't reach the server.";

/** Texts of `error` lines. */
const ERRORS = new Map([
  ['The assistant is unavailable', 'The assistant is not available right now.'],
  ['The answer took too long', 'The answer took too long.'],
]);

export function failureWords(outcome: Exclude<Outcome, { kind: 'done' }>, config: Config): Words {
  switch (outcome.kind) {
    case 'failed':
      return { visitor: ERRORS.get(outcome.error) ?? 'Something went wrong on our side.', owner: '' };
    case 'cut':
      return { visitor: UNREACHABLE, owner: `the connection to ${config.apiUrl} kept breaking off.` };
    case 'unreachable':
      return {
        visitor: UNREACHABLE,
        owner:
          `no answer from ${config.apiUrl}. Check that data-api-url is right and the server runs, that CORS_ORIGIN on ` +
          `the server lists ${location.origin}, and that this page's Content-Security-Policy has it in connect-src.`,
      };
    case 'refused':
      return refusalWords(outcome.status, config);
  }
}

function refusalWords(status: number, { apiUrl }: Config): Words {
  switch (status) {
    case 401:
      return {
        visitor: MISCONFIGURED,
        owner: `${apiUrl} refused the key. Set data-api-key to the server's WIDGET_API_KEY.`,
      };
    case 403:
      return {
        visitor: MISCONFIGURED,
        owner: `${apiUrl} refused this page. Add ${location.origin} to CORS_ORIGIN on the server.`,
      };
    case 0:
    case 404:
    case 405:
      return {
        visitor: MISCONFIGURED,
        owner: `${apiUrl} is not a chat address (${status || 'no chat stream'}). Let data-api-url end with /chat.`,
      };
    case 409:
      return { visitor: 'Too many messages are waiting for an answer.', owner: '' };
    case 429:
      return { visitor: 'That was a lot of messages at once.', owner: '' };
    default:
      return status < 500
        ? { visitor: "This message couldn't be sent.", owner: `${apiUrl} refused a message (${status}).` }
        : { visitor: UNAVAILABLE, owner: `${apiUrl} answered ${status}. The server's log tells why.` };
  }
}
